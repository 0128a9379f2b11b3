"""The networks: one file each, all behind the contract of `base.py`, all listed in `auto.py`."""

"""What all tests share."""

import os

from hypothesis import settings

# No test may ask the Hub; without this a mistyped folder costs half a minute of retries.
os.environ["HF_HUB_OFFLINE"] = "1"

# Threads that wait by spinning take the core from those that work; must be set before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A deadline per example would be a timing assertion.
settings.register_profile("colorizer_hf", deadline=None)
settings.load_profile("colorizer_hf")

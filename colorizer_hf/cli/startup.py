"""What makes a cold start shorter."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def heavy_imports() -> Generator[None]:
    """Import torch and transformers inside this: a quarter of the cold start is saved.

    They bring thousands of modules, and next to nothing of what these make is garbage; looking for it while they are
    imported and once more when the program ends takes over a second.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # never looked at again, also at the end
        gc.enable()

"""Dates of files."""

import os
from pathlib import Path


def take_dates(photo: Path, result: Path) -> tuple[str, ...]:
    """Give a result the dates of last change and last reading of its photograph; a note if that is not possible."""
    try:
        dates = photo.stat()
        os.utime(result, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    except OSError as error:
        return (f"the result has the date of today ({error.strerror})",)
    return ()

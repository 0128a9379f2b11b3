"""Dates of files."""

import os

from .addresses import Address, Place


def take_dates(photo: Place, result: Place) -> tuple[str, ...]:
    """Give a result the dates of last change and last reading of its photograph; a note if that is not possible."""
    if isinstance(photo, Address) or isinstance(result, Address):
        return ("the result has the date of today (what lies behind an address keeps none)",)
    try:
        dates = photo.stat()
        os.utime(result, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    except OSError as error:
        return (f"the result has the date of today ({error.strerror})",)
    return ()

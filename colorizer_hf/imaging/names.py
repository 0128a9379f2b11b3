"""What a photograph is called: a file's name or an address, and how a message says it."""

import re
from typing import Any

_ADDRESS = re.compile(r"data:|[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_SHOWN = 97  # characters of an address in a message


def is_address(source: Any) -> bool:
    """Whether it is a string such as "https://..." or "data:..."."""
    return isinstance(source, str) and _ADDRESS.match(source) is not None


def shown(name: str) -> str:
    """A name or an address for a message, without the megabytes that a data address may have."""
    return name if len(name) <= 2 * _SHOWN else f"{name[:_SHOWN]}..."


__all__ = ["is_address", "shown"]

"""Options by keyword: those that nobody knows are refused by their names, not swallowed."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def refuse_unknown(who: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Do nothing if all options given are known.

    Args:
        who: What they were given to, as the message calls it.
        given: Names.
        known: Names.

    Raises:
        TypeError: one is not known; names it, and the known one that it looks like or all of them.
    """
    known = sorted(known)
    for name in given:
        if name not in known:
            alike = get_close_matches(name, known, n=1)
            hint = f"did you mean {alike[0]}?" if alike else f"there are {', '.join(known)}"
            raise TypeError(f"{who} has no option {name}; {hint}")


def take(names: Iterable[str], options: dict[str, Any]) -> dict[str, Any]:
    """The options of these names, which are taken out of the others."""
    return {name: options.pop(name) for name in names if name in options}


__all__ = ["refuse_unknown", "take"]

"""What pages must know of metadata to write them as this package does, in the words of JavaScript."""

from collections.abc import Mapping
from re import Pattern
from typing import Any

from . import provenance
from .photoshop import IPTC_RESOURCE, KEPT_RESOURCES
from .stale import GEOREFERENCE, RESOLUTION, STORAGE
from .xmp import EMPTY_PACKET, STALE, STALE_IF_TURNED


def for_pages() -> dict[str, Any]:
    """Constants by name: numbers of tags and of Photoshop's resources, patterns by namespace, the note."""
    return {
        "STORAGE": sorted(STORAGE.difference(RESOLUTION)),
        "GEOREFERENCE": list(GEOREFERENCE),
        "KEPT_RESOURCES": [IPTC_RESOURCE, *KEPT_RESOURCES],
        "STALE_XMP": _patterns(STALE),
        "STALE_XMP_IF_TURNED": _patterns(STALE_IF_TURNED),
        "EMPTY_PACKET": EMPTY_PACKET.decode(),
        "SOFTWARE": provenance.SOFTWARE,
        "SOFTWARE_ENDING": provenance.SENTENCE,
        "DIGITAL_SOURCE": {
            "namespace": provenance.IPTC,
            "name": provenance.NAME,
            "value": provenance.SOURCE_TYPE,
            "enough": list(provenance.SAYS_ENOUGH),
        },
    }


def _patterns(table: Mapping[str, Pattern[str] | None]) -> dict[str, str | None]:
    return {namespace: pattern and pattern.pattern for namespace, pattern in table.items()}


__all__ = ["for_pages"]

"""Files <-> pixels: luminance, alpha and metadata of a photograph in, a colour picture out; nothing of networks."""

from .formats import SUFFIXES, WRITTEN
from .location import without_location
from .metadata import Metadata, Text
from .own_colors import FULL_SIZE, PUT_ASIDE
from .photo import Photo, eight_bit
from .provenance import with_note
from .reading import read
from .writing import write

__all__ = [
    "FULL_SIZE",
    "PUT_ASIDE",
    "SUFFIXES",
    "WRITTEN",
    "Metadata",
    "Photo",
    "Text",
    "eight_bit",
    "read",
    "with_note",
    "without_location",
    "write",
]

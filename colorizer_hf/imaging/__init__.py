"""Files <-> pixels: luminance, alpha and metadata of a photograph in, a colour picture out; nothing of networks."""

from .formats import SUFFIXES
from .metadata import Metadata
from .photo import Photo
from .reading import read
from .writing import write

__all__ = ["SUFFIXES", "Metadata", "Photo", "read", "write"]

"""The file formats that are read and written: their names, suffixes and first bytes."""

SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".heic": "HEIC",
    ".heif": "HEIC",
}
"""Format of each file suffix."""

HEIC_IS_MISSING = "HEIC needs the package pillow-heif; install it with: pip install 'colorizer_hf[heic]'"

FORMATS = tuple(dict.fromkeys(SUFFIXES.values()))

HEAD_LENGTH = 32
"""How many first bytes of a file `detect` wants to see."""

_FIRST_BYTES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")


def detect(head: bytes) -> str | None:
    """Format of a file by its first bytes, whatever its name says; None for anything that is not read here."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "HEIC"
    return next((name for first, name in _FIRST_BYTES.items() if head.startswith(first)), None)

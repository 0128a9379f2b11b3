"""The file formats that are read and written: their names, suffixes and first bytes."""

import struct

SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jif": "JPEG",
    ".jfif": "JPEG",
    ".mpo": "JPEG",  # several JPEG files in one
    ".png": "PNG",
    ".apng": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".dng": "DNG",  # TIFF as well, by its first bytes, but a result under this name would pass for a raw picture
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
    ".heic": "HEIC",
    ".heif": "HEIC",
    ".hif": "HEIC",
    ".avif": "AVIF",
    ".jp2": "JPEG2000",
    ".j2k": "JPEG2000",
    ".j2c": "JPEG2000",
    ".jpc": "JPEG2000",
    ".jpf": "JPEG2000",
    ".jph": "JPEG2000",
    ".jpx": "JPEG2000",
    ".jxl": "JXL",
    ".pgm": "PNM",
    ".ppm": "PNM",
    ".pbm": "PNM",
    ".pnm": "PNM",
    ".pam": "PNM",
    ".pfm": "PNM",
    ".tga": "TGA",
    ".icb": "TGA",
    ".vda": "TGA",
    ".vst": "TGA",
}
"""Format of each file suffix that is read."""

FORMATS = tuple(dict.fromkeys(SUFFIXES.values()))
"""The formats that are read."""

WRITTEN = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIC", "AVIF", "JPEG2000", "JXL")
"""The formats that are written too."""

HEIC_IS_MISSING = "HEIC needs the package pillow-heif; install it with: pip install 'colorizer_hf[heic]'"

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
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",  # without a container
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",
    b"\xff\x0a": "JXL",  # without a container
}
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")


def detect(head: bytes) -> str | None:
    """Format of a file by its first bytes, whatever its name says; None for anything that is not read here."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    if head[:1] == b"P" and head[1:2] in b"1234567Ff" and head[2:3].isspace():
        return "PNM"
    known = next((name for first, name in _FIRST_BYTES.items() if head.startswith(first)), None)
    return known or ("TGA" if _is_tga(head) else None)


def _of_brands(head: bytes) -> str | None:
    """HEIC or AVIF: the main brand says it, or, where that leaves it open, the first compatible ones."""
    main = head[8:12]
    compatible = [head[at : at + 4] for at in range(16, min(len(head), int.from_bytes(head[:4], "big")) - 3, 4)]
    if main in _AVIF_BRANDS or (main in (b"mif1", b"msf1") and any(brand in _AVIF_BRANDS for brand in compatible)):
        return "AVIF"
    return "HEIC" if main in _HEIC_BRANDS else None


def _is_tga(head: bytes) -> bool:
    """Whether it can be the header of a TGA, which has no mark of its own at the start (TGA 2.0, section 2)."""
    if len(head) < 18:
        return False
    has_map, kind, _, map_length, map_bits = struct.unpack_from("<BBHHB", head, 1)
    width, height, bits, description = struct.unpack_from("<HHBB", head, 12)
    fits_map = (map_length > 0 and map_bits in (15, 16, 24, 32)) if has_map == 1 else kind not in (1, 9)
    fits_bits = bits in {1: (8,), 9: (8,), 3: (1, 8, 16), 11: (8, 16)}.get(kind, (15, 16, 24, 32))
    return (
        has_map < 2
        and kind in (1, 2, 3, 9, 10, 11)
        and fits_map
        and fits_bits
        and width > 0 < height
        and description < 64
    )

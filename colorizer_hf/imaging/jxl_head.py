"""The head of a JPEG XL codestream: size, depth, alpha, and what the numbers mean (ISO/IEC 18181-1, annex D)."""

from dataclasses import dataclass, replace

from .boxes import boxes
from .cicp import PRIMARIES, profile_of
from .profiles import gamma_profile
from .samples import Alpha

_LENGTH = 4096  # bytes that hold the head, and the names of many channels
_KINDS = ((0, 0), (1, 0), (2, 4), (18, 6))  # how one of a list of kinds is written
_GRAY, _XYB = 1, 2  # colour spaces; the others are RGB, or unknown
_CUSTOM = 2  # white or primaries that are written out
_WHITES = {10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}  # the usual one is D65
_LAST_FRAME = "the last frame of an animation was read"
_FEW_DARK_TONES = "its 8 bits come as linear light, which has few dark tones"
_LINEAR, _SRGB = 8, 13  # curves
_ALPHA, _SPOT, _BLACK, _FILTER = 0, 2, 4, 5  # channels beside the colours


@dataclass(frozen=True)
class JxlHead:
    """What the head of a JPEG XL codestream says.

    Attributes:
        size: width and height, upright.
        bits: of a sample; None for floats.
        alpha: kind of its alpha channel; None without.
        has_ink: whether a channel of black ink goes with its colours.
        has_profile: whether an ICC profile, which follows, says what the colours are.
        profile: what its colours are, as an ICC profile; None for those of sRGB, or where one follows.
        notes: what a user should know, as phrases.
        curve_at: the bit at which the kind of its curve is written; None if it is not.
    """

    size: tuple[int, int]
    bits: int | None
    alpha: Alpha | None = None
    has_ink: bool = False
    has_profile: bool = False
    profile: bytes | None = None
    notes: tuple[str, ...] = ()
    curve_at: int | None = None


class _Bits:
    """Numbers out of a JPEG XL head, the lowest bit first."""

    def __init__(self, head: bytes) -> None:
        self._bits = int.from_bytes(head, "little")
        self._count = 8 * len(head)
        self.place = 0

    def take(self, count: int) -> int:
        if self.place + count > self._count:
            raise ValueError("the head is cut off")
        value = self._bits >> self.place & ((1 << count) - 1)
        self.place += count
        return value

    def choose(self, *choices: tuple[int, int]) -> int:
        """One of four: an offset, and how many bits are added to it."""
        offset, count = choices[self.take(2)]
        return offset + self.take(count)


def read_jxl_head(file: bytes) -> JxlHead:
    """What the head of a file says, with or without a container.

    Raises:
        ValueError: there is no such head, or only a part of it.
    """
    at = _codestream_at(file)
    bits = _Bits(file[at : at + _LENGTH])
    if bits.take(16) != 0x0AFF:
        raise ValueError("there is no codestream")
    size = _size(bits)
    if bits.take(1):  # all as usual
        return JxlHead(size, 8)
    size, is_animated = _shown(bits, size) if bits.take(1) else (size, False)
    depth = _depth(bits)
    bits.take(1)  # how precisely to calculate
    channels = [_channel(bits) for _ in range(bits.choose((0, 0), (1, 0), (2, 4), (1, 12)))]
    alpha = next((alpha for kind, alpha in channels if kind == _ALPHA), None)
    notes = (_LAST_FRAME,) if is_animated else ()
    head = JxlHead(size, depth, alpha, any(kind == _BLACK for kind, _ in channels), notes=notes)
    is_xyb = bits.take(1)
    if bits.take(1):  # sRGB
        return head
    if not bits.take(1):
        profile, more, curve_at = _colors(bits)
        return replace(head, profile=profile, notes=(*notes, *more), curve_at=curve_at)
    if not is_xyb:
        return replace(head, has_profile=True)
    # The decoder knows such colours without the profile, and makes linear light of them.
    return replace(head, profile=gamma_profile(1.0), notes=(*notes, _FEW_DARK_TONES) if depth == 8 else notes)


def called_srgb(file: bytes) -> bytes:
    """The same file, with a head that says that its numbers follow sRGB's curve instead of linear light."""
    at = _codestream_at(file)
    head = file[at : at + _LENGTH]
    curve_at = read_jxl_head(file).curve_at
    if curve_at is None:
        raise ValueError("its head does not say that it is linear")
    # Of the numbers from 2 to 17, as both kinds are, two bits are the same for all, and four count from 2.
    change = ((_LINEAR - 2) ^ (_SRGB - 2)) << curve_at + 2
    head = (int.from_bytes(head, "little") ^ change).to_bytes(len(head), "little")
    return file[:at] + head + file[at + _LENGTH :]


def _codestream_at(file: bytes) -> int:
    """Where the codestream starts, which may lie in a container (ISO/IEC 18181-2)."""
    if file.startswith(b"\xff\x0a"):
        return 0
    starts = (first + 4 * (kind == b"jxlp") for kind, first, _ in boxes(file) if kind in (b"jxlc", b"jxlp"))
    return next(starts, len(file))


def _size(bits: _Bits) -> tuple[int, int]:
    is_small = bits.take(1)

    def side() -> int:
        return 8 * (bits.take(5) + 1) if is_small else bits.choose((1, 9), (1, 13), (1, 18), (1, 30))

    height = side()
    return _width(bits, height) or side(), height


def _width(bits: _Bits, height: int) -> int:
    """By a ratio to the height; 0 if it is written out."""
    over, under = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[bits.take(3)]
    return height * over // under


def _shown(bits: _Bits, size: tuple[int, int]) -> tuple[tuple[int, int], bool]:
    """The size of the picture turned upright, and whether it is animated."""
    is_turned = bits.take(3) >= 4
    if bits.take(1):  # another size to be shown at
        _size(bits)
    if bits.take(1):
        _skip_preview(bits)
    is_animated = bool(bits.take(1))
    if is_animated:
        bits.choose((100, 0), (1000, 0), (1, 10), (1, 30))
        bits.choose((1, 0), (1001, 0), (1, 8), (1, 10))
        bits.choose((0, 0), (0, 3), (0, 16), (0, 32))
        bits.take(1)
    return size[::-1] if is_turned else size, is_animated


def _skip_preview(bits: _Bits) -> None:
    in_eights = bits.take(1)
    choices = ((16, 0), (32, 0), (1, 5), (33, 9)) if in_eights else ((1, 6), (65, 8), (321, 10), (1345, 12))
    height = bits.choose(*choices)
    if not _width(bits, height):
        bits.choose(*choices)


def _depth(bits: _Bits) -> int | None:
    """Bits of a sample, None for floats."""
    if bits.take(1):
        bits.choose((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
        return None
    return bits.choose((8, 0), (10, 0), (12, 0), (1, 6))


def _channel(bits: _Bits) -> tuple[int, Alpha | None]:
    """Kind of a channel beside the colours, and of alpha."""
    if bits.take(1):  # all as usual
        return _ALPHA, "straight"
    kind = bits.choose(*_KINDS)
    _depth(bits)
    bits.choose((0, 0), (3, 0), (4, 0), (1, 3))  # how much smaller it is
    bits.take(8 * bits.choose((0, 0), (0, 4), (16, 5), (48, 10)))  # its name
    if kind == _ALPHA:
        return kind, "premultiplied" if bits.take(1) else "straight"
    if kind == _SPOT:
        bits.take(4 * 16)
    elif kind == _FILTER:
        bits.choose((1, 0), (0, 2), (3, 4), (19, 8))
    return kind, None


def _colors(bits: _Bits) -> tuple[bytes | None, tuple[str, ...], int | None]:
    """The ICC profile of colours that are described, None for those of sRGB; notes; and where their curve is said."""
    space = bits.choose(*_KINDS)
    if space == _XYB:
        return None, (), None
    white = bits.choose(*_KINDS)
    place: tuple[float, ...] = _WHITES.get(white, PRIMARIES[12][:2])
    place = _points(bits, 1) if white == _CUSTOM else place
    if space != _GRAY:
        primaries = bits.choose(*_KINDS)
        place += _points(bits, 3) if primaries == _CUSTOM else PRIMARIES.get(primaries, PRIMARIES[1])[2:]
    known = place if space != _GRAY else None
    try:
        if bits.take(1):
            return gamma_profile(1e7 / bits.take(24), known), (), None
        curve_at = bits.place
        return *profile_of(known, bits.choose(*_KINDS)), curve_at
    except (ValueError, ZeroDivisionError):
        return None, ("its colour profile was ignored: there are no such colours",), None


def _points(bits: _Bits, count: int) -> tuple[float, ...]:
    """x and y of so many points."""
    packed = [bits.choose((0, 19), (1 << 19, 19), (1 << 20, 20), (1 << 21, 21)) for _ in range(2 * count)]
    return tuple((number >> 1 ^ -(number & 1)) / 1e6 for number in packed)


__all__ = ["JxlHead", "called_srgb", "read_jxl_head"]

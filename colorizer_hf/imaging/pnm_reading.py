"""PBM, PGM, PPM, PAM and PFM files with all their bits (netpbm's pbm(5), pgm(5), ppm(5), pam(5); PFM by Debevec).

Pillow would reduce colours to 8 bits and does not know PAM.
"""

import re
from dataclasses import dataclass, replace
from typing import IO

import numpy as np
from PIL import Image

from ..errors import ImageError
from .encoded import Encoded
from .metadata import Words, comment
from .samples import Samples, array_samples

_LONGEST_HEAD = 1 << 16  # comments included
_TOKEN = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*([^\s#]+)")
_COMMENT = re.compile(rb"(?<=\s)#([^\n\r]*)")
_PAM_HEAD = re.compile(rb"P7\s.*?^ENDHDR[^\n]*\n", re.DOTALL | re.MULTILINE)
_PAM_LINE = re.compile(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class _Head:
    """What the head of a file says; `at` is where the pixels begin, `top` 0 stands for floats."""

    kind: bytes
    width: int
    height: int
    channels: int
    top: float
    at: int
    has_alpha: bool = False


def open_pnm(file: IO[bytes], max_pixels: int) -> Encoded:
    """Read the header of a file; see `decoding.open_encoded`."""
    file.seek(0)
    start = file.read(_LONGEST_HEAD)
    head = _read_pam_head(start) if start[:2] == b"P7" else _read_head(start)

    def decode() -> Samples:
        file.seek(head.at)
        return _decode(file, head)

    return Encoded((head.width, head.height), (), {}, Image.Exif, decode)


def find_in_pnm(file: IO[bytes]) -> Words:
    """The comments in the head of a file."""
    start = file.read(_LONGEST_HEAD)
    try:
        head = start[: (_read_pam_head(start) if start[:2] == b"P7" else _read_head(start)).at]
    except (ImageError, ValueError):
        return Words()  # the reader says what is wrong
    lines = [line.strip() for line in _COMMENT.findall(head)]
    return Words(texts=(comment(b"\n".join(lines)),)) if any(lines) else Words()


def _read_head(start: bytes) -> _Head:
    kind = start[:2]
    numbers: list[bytes] = []
    at = 2
    for _ in range(2 if kind in (b"P1", b"P4") else 3):
        token = _TOKEN.match(start, at)
        if token is None:
            raise ValueError("the head is cut off")
        numbers.append(token[1])
        at = token.end()
    channels = 3 if kind in (b"P3", b"P6", b"PF") else 1
    if kind in (b"P1", b"P4"):
        top = 1.0
    elif kind in (b"PF", b"Pf"):
        kind, top = kind + (b"<" if float(numbers[2]) < 0 else b">"), 0.0
    else:
        top = int(numbers[2])
    return _Head(kind, int(numbers[0]), int(numbers[1]), channels, _checked(top), at + 1)


def _read_pam_head(start: bytes) -> _Head:
    head = _PAM_HEAD.match(start)
    if head is None:
        raise ValueError("the head is cut off")
    fields = dict(_PAM_LINE.findall(head[0]))
    width, height, channels, top = (int(fields[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    has_alpha = fields.get(b"TUPLTYPE", b"").endswith(b"_ALPHA") or channels in (2, 4)
    if not 1 <= channels <= 64:
        raise ImageError(f"it has {channels} channels; save it as gray or RGB")
    return _Head(b"P7", width, height, channels, _checked(top), head.end(), has_alpha)


def _checked(top: float) -> float:
    if not 0 <= top < 65536:
        raise ValueError("no such largest number")
    return top


def _decode(file: IO[bytes], head: _Head) -> Samples:
    shape = (head.height, head.width, head.channels)[: 3 if head.channels > 1 else 2]
    if head.kind == b"P4":
        rows = np.frombuffer(_exactly(file, head.height * ((head.width + 7) // 8)), np.uint8).reshape(head.height, -1)
        return array_samples(np.unpackbits(rows, axis=1, count=head.width) == 0, "gray")  # 1 is black
    if head.kind in (b"P1", b"P2", b"P3"):
        pixels = _written_out(file.read(), head).reshape(shape)
    else:
        is_float = head.top == 0
        dtype = np.dtype("f4" if is_float else "u1" if head.top < 256 else "u2").newbyteorder(
            "<" if head.kind.endswith(b"<") else ">"
        )
        pixels = np.frombuffer(_exactly(file, int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape)
        if is_float:
            return array_samples(pixels[::-1], "rgb" if head.channels == 3 else "gray")  # from the bottom up
    if head.kind == b"P1":
        return array_samples(pixels == 0, "gray")
    colors = head.channels - head.has_alpha
    samples = array_samples(pixels, "rgb" if colors >= 3 else "gray", "straight" if head.has_alpha else None)
    return replace(samples, top=head.top)


def _written_out(text: bytes, head: _Head) -> np.ndarray:
    """Numbers written in decimal; of a P1 the digits need no space between them."""
    text = re.sub(rb"#[^\n\r]*", b"", text)
    count = head.width * head.height * head.channels
    if head.kind == b"P1":
        letters = np.frombuffer(text, np.uint8)
        numbers = letters[(letters == ord("0")) | (letters == ord("1"))][:count] - ord("0")
    else:
        numbers = np.fromstring(text, np.int64, sep=" ")
    if len(numbers) < count:
        raise ValueError("there are fewer pixels than it claims")
    return np.clip(numbers, 0, int(head.top)).astype(np.uint8 if head.top < 256 else np.uint16)


def _exactly(file: IO[bytes], count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise ValueError("there are fewer pixels than it claims")
    return content

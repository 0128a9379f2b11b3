"""Registered pairs of a near-infrared (NIR) and a colour photograph out of a folder or a tar file.

The side of a file is in its name, or in that of its folder:

* `NAME_nir.EXT` and `NAME_rgb.EXT`, also `NAME_nir_reg.EXT` and `NAME_rgb_reg.EXT`: the VCIP 2020 Grand Challenge on
  NIR Image Colorization; training, `Validation` and `Testing` folders alike.
* `CLASS/0008_nir.tiff` and `CLASS/0008_rgb.tiff`: the RGB-NIR Scene Dataset of Brown and Süsstrunk 2011 (EPFL). A bare
  number gets the name of its folder: `class_0008`.
* `NIR/NAME.EXT` and `RGB-Registered/NAME.EXT`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from ..errors import ImageError
from .picture_files import PictureFile, picture_files

_SIDED_NAME = re.compile(r"(?P<name>.+)_(?P<side>nir|rgb)(_reg)?")
_SIDED_FOLDERS = {"nir": "nir", "rgb-registered": "rgb"}
_PREVIEWS = "visual"  # a folder of previews inside the challenge's Testing
_SIDES = ("nir", "rgb")


@dataclass(frozen=True, eq=False)
class NirPair:
    """One scene in near infrared and in colour, pixel on pixel.

    Attributes:
        name: What tells it from the other pairs, in lower case.
        nir: (H, W) uint8 or uint16.
        rgb: (H, W, 3) uint8 sRGB.
    """

    name: str
    nir: np.ndarray
    rgb: np.ndarray


def read_pairs(source: str | Path) -> Iterator[NirPair]:
    """Read pairs one by one, sorted by name.

    Upper and lower case are the same: the challenge has `Testing_0001_rgb_reg.png` beside `testing_0001_nir_reg.png`.
    Pictures that are no side of a pair by their names are passed over.

    Args:
        source: A folder, searched with its sub-folders, or a tar file; see above for the names in it.

    Raises:
        ImageError: nothing is at `source`, it is damaged or has no pairs, a side is missing or there twice, a picture
            cannot be read, or the sizes of a pair differ.
    """
    with ExitStack() as stack:
        for name, sides in _find_pairs(Path(source), stack).items():
            yield _read_pair(name, sides["nir"], sides["rgb"])


def count_pairs(source: str | Path) -> int:
    """The number of pairs, readable or not.

    Raises:
        ImageError: nothing is at `source`, it is damaged or has no pairs, or a side is missing or there twice.
    """
    with ExitStack() as stack:
        return len(_find_pairs(Path(source), stack))


def _find_pairs(source: Path, stack: ExitStack) -> dict[str, dict[str, PictureFile]]:
    """Both files of every pair, sorted by name; they can be opened until `stack` is closed."""
    pairs: defaultdict[str, dict[str, PictureFile]] = defaultdict(dict)
    for file in stack.enter_context(picture_files(source)):
        if (found := _name_and_side(file.path)) is None:
            continue
        name, side = found
        if side in pairs[name]:
            raise ImageError(f"{file.name} and {pairs[name][side].name} are the same side of one pair; remove one")
        pairs[name][side] = file
    if not pairs:
        raise ImageError(f"{source} has no pairs; give a folder or tar file with NAME_nir and NAME_rgb pictures")
    for name, sides in pairs.items():
        for side in _SIDES:
            if side not in sides:
                (present,) = sides.values()
                raise ImageError(f"{present.name} has no {side.upper()} picture beside it; add {name}_{side}")
    return dict(sorted(pairs.items()))


def _name_and_side(path: PurePath) -> tuple[str, str] | None:
    """Name of the pair and "nir" or "rgb"; None for pictures that are neither."""
    stem, folder = path.stem.lower(), path.parent.name.lower()
    if folder == _PREVIEWS:
        return None
    folder_side = _SIDED_FOLDERS.get(folder)
    if match := _SIDED_NAME.fullmatch(stem):
        stem, side = match["name"], match["side"]
    elif folder_side:
        side = folder_side
    else:
        return None
    return (f"{folder}_{stem}" if stem.isdecimal() and folder and not folder_side else stem), side


def _read_pair(name: str, nir_file: PictureFile, rgb_file: PictureFile) -> NirPair:
    nir, rgb = nir_file.gray(), rgb_file.colours()
    if nir.shape != rgb.shape[:2]:
        sizes = [f"{width} x {height}" for height, width in (nir.shape, rgb.shape[:2])]
        raise ImageError(f"the sizes of the pair {name} differ: NIR {sizes[0]}, RGB {sizes[1]}; register them")
    return NirPair(name, nir, rgb)


__all__ = ["NirPair", "count_pairs", "read_pairs"]

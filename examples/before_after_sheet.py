"""Put photographs and their colorized versions side by side on one picture.

python examples/before_after_sheet.py colorizer_hf/webui/examples out out/sheet.jpg
"""

import argparse
import math
from pathlib import Path

from PIL import Image, ImageOps

COLUMNS = 4  # pairs in a row
CELL = 240  # longest side of one picture in pixels
GAP = 8


def load(path: Path) -> Image.Image:
    """A picture, upright and small enough for its cell."""
    with Image.open(path) as picture:
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return picture


def make_sheet(pairs: list[tuple[Path, Path]]) -> Image.Image:
    """The sheet: photograph on the left, result on the right, four pairs in a row."""
    width, height = 2 * CELL + 2 * GAP, CELL + GAP
    columns = min(COLUMNS, len(pairs))
    sheet = Image.new("RGB", (columns * width + GAP, math.ceil(len(pairs) / columns) * height + GAP), "white")
    for number, pair in enumerate(pairs):
        left, top = number % columns * width + GAP, number // columns * height + GAP
        before, after = (load(path) for path in pair)
        sheet.paste(before, (left + CELL - before.width, top + (CELL - before.height) // 2))
        sheet.paste(after, (left + CELL + GAP // 2, top + (CELL - after.height) // 2))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="Photographs and their colorized versions, side by side.")
    parser.add_argument("photos", type=Path, help="folder of the photographs")
    parser.add_argument("results", type=Path, help="folder of the results, under the same names")
    parser.add_argument("sheet", type=Path, help="the picture to write")
    arguments = parser.parse_args()
    results = [arguments.results / path.name for path in sorted(arguments.photos.iterdir())]
    pairs = [(arguments.photos / result.name, result) for result in results if result.exists()]
    if not pairs:
        parser.error(f"{arguments.results} has no results of photographs in {arguments.photos}")
    make_sheet(pairs).save(arguments.sheet, quality=92)
    print(arguments.sheet)


if __name__ == "__main__":
    main()

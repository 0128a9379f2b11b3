"""Put photographs and their colorized versions side by side on one picture.

python examples/before_after_sheet.py colorizer_hf/webui/examples out out/sheet.jpg

Of photographs in colour, `--truth` shows what the network saw, the result and the photograph.
"""

import argparse
import math
from pathlib import Path

from PIL import Image, ImageOps

COLUMNS = 4  # photographs in a row
CELL = 240  # longest side of one picture in pixels
GAP = 8


def load(path: Path) -> Image.Image:
    """A picture, upright and small enough for its cell."""
    with Image.open(path) as picture:
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return picture


def make_sheet(photographs: list[list[Image.Image]]) -> Image.Image:
    """The sheet: the pictures of one photograph side by side, four photographs in a row."""
    cells = len(photographs[0])
    width, height = cells * (CELL + GAP // 2) + GAP, CELL + GAP
    columns = min(COLUMNS, len(photographs))
    sheet = Image.new("RGB", (columns * width + GAP, math.ceil(len(photographs) / columns) * height + GAP), "white")
    for number, pictures in enumerate(photographs):
        middle, top = number % columns * width + width // 2, number // columns * height + GAP
        left = middle - sum(picture.width + GAP // 2 for picture in pictures) // 2
        for picture in pictures:
            sheet.paste(picture, (left, top + (CELL - picture.height) // 2))
            left += picture.width + GAP // 2
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="Photographs and their colorized versions, side by side.")
    parser.add_argument("photos", type=Path, help="folder of the photographs")
    parser.add_argument("results", type=Path, help="folder of the results, under the same names")
    parser.add_argument("sheet", type=Path, help="the picture to write")
    parser.add_argument("--truth", action="store_true", help="the photographs are in colour: show them in gray first")
    arguments = parser.parse_args()
    results = [arguments.results / path.name for path in sorted(arguments.photos.iterdir())]
    pairs = [(arguments.photos / result.name, result) for result in results if result.exists()]
    if not pairs:
        parser.error(f"{arguments.results} has no results of photographs in {arguments.photos}")
    photographs = [[load(path) for path in pair] for pair in pairs]
    if arguments.truth:
        photographs = [[before.convert("L"), after, before] for before, after in photographs]
    make_sheet(photographs).save(arguments.sheet, quality=92)
    print(arguments.sheet)


if __name__ == "__main__":
    main()

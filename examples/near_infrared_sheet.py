"""Put near-infrared frames, what the model makes of them and the true colours side by side, the worst included.

python examples/near_infrared_sheet.py pairs.tar out/sheet.png

`pairs.tar` or a folder holds registered pairs `NAME_nir` and `NAME_rgb` (docs/evaluation.md). Of every class of scenes,
the name without its number, the sheet shows the results with the least, the median and the greatest colour difference.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image, ImageDraw

from colorizer_hf import ColorizationPipeline
from colorizer_hf.bundled import NIR_CHECKPOINT
from colorizer_hf.imaging import eight_bit
from colorizer_hf.metrics.nir_floors import to_batch
from colorizer_hf.metrics.pairs import NirPair, read_pairs
from colorizer_hf.metrics.vcip2020 import METRICS

CELL = 160  # longest side of a picture in pixels
GAP, CAPTION = 6, 18
SHOWN = {"psnr": "PSNR", "luma_psnr": "luma", "angle": "angle", "ciede2000": "dE00"}  # metrics and their captions


@dataclass(frozen=True)
class Scene:
    """A frame, its result and the truth, small, and how far they are apart."""

    name: str
    pictures: tuple[Image.Image, ...]
    measures: dict[str, float]


def compare(pair: NirPair, colorize: ColorizationPipeline) -> Scene:
    """Colorize a frame as `colorizer evaluate --protocol vcip2020` does."""
    result = eight_bit(colorize(pair.nir, vividness=0.0).pixels)
    measures = {name: METRICS[name](to_batch(result), to_batch(pair.rgb)).item() for name in SHOWN}
    pictures = tuple(thumbnail(one) for one in (eight_bit(pair.nir), result, pair.rgb))
    return Scene(pair.name, pictures, measures)


def thumbnail(pixels: np.ndarray) -> Image.Image:
    picture = Image.fromarray(pixels).convert("RGB")
    picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return picture


def group(scenes: list[Scene]) -> dict[str, list[Scene]]:
    """The scenes by class, those with the least colour difference first."""
    classes: defaultdict[str, list[Scene]] = defaultdict(list)
    for scene in sorted(scenes, key=lambda one: one.measures["ciede2000"]):
        classes[scene.name.rpartition("_")[0] or "scenes"].append(scene)
    return dict(sorted(classes.items()))


def shown(scenes: list[Scene]) -> list[Scene]:
    """The best, the median and the worst of a sorted class."""
    places = sorted({0, (len(scenes) - 1) // 2, len(scenes) - 1})
    return [scenes[place] for place in places]


def make_sheet(classes: dict[str, list[Scene]]) -> Image.Image:
    """A row for each class; every scene is frame, result and truth."""
    rows = [shown(scenes) for scenes in classes.values()]
    width, height = 3 * CELL + 4 * GAP, CELL + CAPTION + GAP
    sheet = Image.new("RGB", (max(map(len, rows)) * width + GAP, len(rows) * height + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for y, scenes in enumerate(rows):
        for x, scene in enumerate(scenes):
            left, top = x * width + GAP, y * height + GAP
            figures = "  ".join(f"{SHOWN[name]} {value:.1f}" for name, value in scene.measures.items())
            draw.text((left, top), f"{scene.name}   {figures}", fill="black")
            for number, picture in enumerate(scene.pictures):
                sheet.paste(picture, (left + number * (CELL + GAP), top + CAPTION))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="Near-infrared frames, results and true colours, side by side.")
    parser.add_argument("pairs", type=Path, help="folder or tar file of pairs NAME_nir and NAME_rgb")
    parser.add_argument("sheet", type=Path, help="the picture to write")
    parser.add_argument("--model", default=NIR_CHECKPOINT, help="name, folder or Hub id")
    arguments = parser.parse_args()
    colorize = ColorizationPipeline.from_pretrained(arguments.model)
    classes = group([compare(pair, colorize) for pair in read_pairs(arguments.pairs)])
    arguments.sheet.parent.mkdir(parents=True, exist_ok=True)
    make_sheet(classes).save(arguments.sheet)
    print("class", "pairs", *SHOWN.values())
    for name, scenes in classes.items():
        means = (f"{fmean(scene.measures[metric] for scene in scenes):.2f}" for metric in SHOWN)
        print(name, len(scenes), *means)
    print(arguments.sheet)


if __name__ == "__main__":
    main()

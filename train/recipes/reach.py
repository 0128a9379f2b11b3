"""Measure how far one dab of colour reaches: over how much of the thing it lies on, and over how much of the rest.

    python -m train.recipes.reach chromaformer --photos historical.tar --json out.json

Ten things in ten old photographs have outlines that were drawn by eye (tests/data/reach_things.json). Each gets a dab
in its middle; changed is what then differs by more than 10 Lab units in chroma from the picture without it. The
photographs are not part of the repository, the results are.
"""

import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image, ImageDraw
from rich import print_json

from colorizer_hf.color import CHROMA_SCALE, rgb_to_lab
from colorizer_hf.errors import ColorizerError, TrainingDataError
from colorizer_hf.hints import Hint, Reach
from colorizer_hf.metrics.nir_floors import to_batch
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.result import ColorizationResult
from colorizer_hf.session import EditSession

THINGS = Path(__file__).parents[2] / "tests" / "data" / "reach_things.json"
CHANGED = 10.0  # Lab units
MOST_OF_IT, LITTLE_OF_THE_REST = 0.7, 0.1  # a dab that changes so much has reached its thing and no more


@dataclass(frozen=True)
class Outcome:
    """What one dab changed.

    Attributes:
        thing: Share of the thing.
        rest: Share of the rest of the picture.
    """

    thing: float
    rest: float

    @property
    def reached(self) -> bool:
        """Whether it changed most of the thing and little else."""
        return self.thing >= MOST_OF_IT and self.rest <= LITTLE_OF_THE_REST


def draw_mask(size: tuple[int, int], polygons: list[list[list[float]]], holes: list[list[list[float]]]) -> np.ndarray:
    """(H, W) bool of polygons with holes, in shares of width and height."""
    mask = Image.new("1", size)
    pen = ImageDraw.Draw(mask)
    for corners, inside in [*((polygon, 1) for polygon in polygons), *((hole, 0) for hole in holes)]:
        pen.polygon([(x * size[0], y * size[1]) for x, y in corners], fill=inside)
    return np.asarray(mask)


def measure_dab(session: EditSession, dab: dict[str, Any], mask: np.ndarray, reach: Reach) -> Outcome:
    """What a dab, placed in shares of width, height and longer side, changes inside a mask and outside."""
    width, height = session.photo.size
    place = dab["x"] * width - 0.5, dab["y"] * height - 0.5
    hint = Hint(*place, dab["color"], dab["radius"] * max(width, height), reach)
    changed = np.hypot(*(_chroma(session.update([hint])) - _chroma(session.update()))) > CHANGED
    return Outcome(thing=float(changed[mask].mean()), rest=float(changed[~mask].mean()))


def measure_things(pipeline: ColorizationPipeline, photos: Path, things: list[dict[str, Any]]) -> dict[str, Any]:
    """Outcomes by reach and thing, and how many things were reached.

    Raises:
        TrainingDataError: a photograph is missing, or another one than was drawn on.
    """
    outcomes: dict[Reach, dict[str, Outcome]] = {"alike": {}, "object": {}}
    with tarfile.open(photos) as tar:
        for thing in things:
            session = EditSession(pipeline, _photo(tar, thing))
            mask = draw_mask(session.photo.size, thing["polygons"], thing.get("holes", []))
            for reach, found in outcomes.items():
                found[thing["thing"]] = measure_dab(session, thing["dab"], mask, reach)
    return {
        reach: {
            "reached": sum(outcome.reached for outcome in found.values()),
            "things": {
                name: {"thing": round(outcome.thing, 3), "rest": round(outcome.rest, 3)}
                for name, outcome in found.items()
            },
        }
        for reach, found in outcomes.items()
    }


def _photo(tar: tarfile.TarFile, thing: dict[str, Any]) -> bytes:
    try:
        file = tar.extractfile(f"{thing['photo']}.jpg")
    except KeyError:
        file = None
    data = file.read() if file else b""
    if hashlib.sha256(data).hexdigest() != thing["sha256"]:
        raise TrainingDataError(f"{tar.name} does not hold {thing['photo']}.jpg as it was drawn on")
    return data


def _chroma(result: ColorizationResult) -> np.ndarray:
    """(2, H, W) Lab a and b of the picture."""
    _, chroma = rgb_to_lab(to_batch(np.array(result.image.convert("RGB"))) / 255)
    return chroma[0].numpy() * CHROMA_SCALE


def main(
    checkpoint: Annotated[str, typer.Argument(help="Bundled name, folder or Hub id.")],
    photos: Annotated[Path, typer.Option(help="Tar of the old photographs.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
) -> None:
    """Measure how far one dab of colour reaches."""
    things = json.loads(THINGS.read_text(encoding="utf-8"))["things"]
    try:
        pipeline = ColorizationPipeline.from_pretrained(checkpoint)
        measured = {"model": checkpoint, **measure_things(pipeline, photos, things)}
    except ColorizerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    if json_file:
        json_file.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print_json(data=measured)


if __name__ == "__main__":
    typer.run(main)

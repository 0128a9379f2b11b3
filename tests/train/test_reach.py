"""How far a dab reaches: the measure on a drawing, and what is kept of old photographs."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorizer_hf import ColorizationPipeline, EditSession, TrainingDataError
from train.recipes.reach import Outcome, draw_mask, measure_dab, measure_things

ROOT = Path(__file__).parents[2]
SQUARE = [[[0.1, 0.1], [0.4, 0.1], [0.4, 0.4], [0.1, 0.4]]]
DAB = {"x": 0.25, "y": 0.25, "radius": 0.02, "color": "#2040d0"}


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(device="cpu")


def two_squares() -> np.ndarray:
    """Alike, bright on dark, 200 x 200; the first is `SQUARE`."""
    drawing = np.full((200, 200), 50, np.uint8)
    drawing[20:80, 20:80] = drawing[120:180, 120:180] = 200
    return drawing


@pytest.fixture
def things(tmp_path: Path) -> tuple[Path, list[dict[str, Any]]]:
    """A tar with one drawing, and the thing outlined on it."""
    data = io.BytesIO()
    Image.fromarray(two_squares()).save(data, "JPEG", quality=95)
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:
        info = tarfile.TarInfo("000007.jpg")
        info.size = len(data.getvalue())
        tar.addfile(info, io.BytesIO(data.getvalue()))
    sha256 = hashlib.sha256(data.getvalue()).hexdigest()
    thing = {"photo": "000007", "thing": "square", "sha256": sha256, "dab": DAB, "polygons": SQUARE}
    return tmp_path / "photos.tar", [thing]


def test_a_mask_is_its_polygons_without_the_holes() -> None:
    mask = draw_mask((100, 50), SQUARE, [[[0.2, 0.2], [0.3, 0.2], [0.3, 0.3], [0.2, 0.3]]])
    assert mask.shape == (50, 100)
    assert mask[10, 15]
    assert not mask[12, 25]
    assert not mask[40, 80]


def test_what_a_dab_changes_is_told_apart_inside_and_outside(pipe: ColorizationPipeline) -> None:
    session = EditSession(pipe, two_squares())
    mask = draw_mask((200, 200), SQUARE, [])
    alike, thing, spot = (measure_dab(session, DAB, mask, reach) for reach in ("alike", "object", "spot"))
    assert alike.thing > 0.9
    assert alike.rest > 0.08, "the other square is a tenth of the rest"
    assert thing.thing > 0.9
    assert 0 < spot.thing < 0.1
    assert spot.rest == 0


def test_all_things_are_measured_with_both_reaches(
    pipe: ColorizationPipeline, things: tuple[Path, list[dict[str, Any]]]
) -> None:
    measured = measure_things(pipe, *things)
    outcome = Outcome(**measured["object"]["things"]["square"])
    assert measured["object"]["reached"] == int(outcome.reached)
    assert measured["object"]["things"]["square"]["thing"] > 0.7
    assert measured["alike"]["things"]["square"]["thing"] > 0.7


def test_another_photograph_than_was_drawn_on_is_refused(
    pipe: ColorizationPipeline, things: tuple[Path, list[dict[str, Any]]]
) -> None:
    photos, drawn = things
    with pytest.raises(TrainingDataError, match=r"does not hold 000007\.jpg as it was drawn on"):
        measure_things(pipe, photos, [drawn[0] | {"sha256": "0" * 64}])


def test_things_are_reached_only_within_both_bounds() -> None:
    assert Outcome(thing=0.7, rest=0.1).reached
    assert not Outcome(thing=0.69, rest=0.0).reached
    assert not Outcome(thing=1.0, rest=0.11).reached


def test_in_old_photographs_a_dab_stays_on_its_thing_more_often_than_not() -> None:
    """The kept result of the bundled weights."""
    newest = max((ROOT / "train" / "results" / "chromaformer").glob("*-reach.json"), key=lambda path: path.name)
    kept = json.loads(newest.read_text(encoding="utf-8"))
    assert len(kept["object"]["things"]) == 10
    assert kept["object"]["reached"] >= 7
    assert kept["object"]["reached"] > kept["alike"]["reached"]

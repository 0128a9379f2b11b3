"""Other colourings to choose from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorizer_hf.color_names import color_name
from colorizer_hf.hints import Hint
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.session import EditSession
from colorizer_hf.webui.alternatives import THUMBNAIL, Alternative, alternatives, color_at, second_guesses
from colorizer_hf.webui.files import example_photos


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(device="cpu")


@pytest.fixture(scope="module", params=example_photos(), ids=lambda path: path.stem)
def session(request: pytest.FixtureRequest, pipe: ColorizationPipeline) -> EditSession:
    return EditSession(pipe, request.param)


def picture(offer: Alternative) -> np.ndarray:
    return np.asarray(offer.image.convert("RGB")).astype(int)


def test_no_two_offers_are_the_same(session: EditSession) -> None:
    offers = alternatives(session, [], 1.0)
    assert 3 <= len(offers) <= 5
    for number, offer in enumerate(offers):
        assert max(picture(offer).shape) == THUMBNAIL
        for other in offers[number + 1 :]:
            assert np.abs(picture(offer) - picture(other)).max() > 5


def test_calm_has_less_colour_than_vivid(session: EditSession) -> None:
    calm, _, vivid = (np.ptp(picture(offer), axis=2).mean() for offer in alternatives(session, [], 1.0)[:3])
    assert calm < vivid


def test_a_second_guess_is_a_hint_that_changes_what_is_there(session: EditSession) -> None:
    before = np.asarray(session.update().image).astype(int)
    for hint in second_guesses(session.update(), []):
        after = np.asarray(session.update([hint]).image).astype(int)
        assert np.abs(after[int(hint.y), int(hint.x)] - before[int(hint.y), int(hint.x)]).max() > 20


def test_where_somebody_has_said_something_there_is_no_guessing(session: EditSession) -> None:
    guesses = second_guesses(session.update(), [])
    if not guesses:
        pytest.skip("this photo leaves nothing to guess")
    taken = Hint(guesses[0].x, guesses[0].y, "#808080")
    for hint in second_guesses(session.update([taken]), [taken]):
        distance = np.hypot(hint.x - taken.x, hint.y - taken.y)
        assert distance > 0.05 * max(session.photo.size)


def test_a_second_guess_is_called_as_it_looks_where_it_is(session: EditSession) -> None:
    width, height = session.photo.size
    for offer in alternatives(session, [], 1.0):
        if offer.hint is not None:
            seen = color_at(offer.image, offer.hint.x / width, offer.hint.y / height)
            assert offer.label == f"Perhaps {color_name(seen)}"


def test_a_photo_of_one_pixel_has_alternatives(pipe: ColorizationPipeline, tmp_path: Path) -> None:
    Image.new("L", (1, 1), 120).save(tmp_path / "pixel.png")
    assert len(alternatives(EditSession(pipe, tmp_path / "pixel.png"), [], 0.5)) >= 3

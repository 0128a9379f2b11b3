"""What *Original* shows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.webui.photos import CUP
from tests.webui.tabs import Tab

PUT_ASIDE = "It came with colours or a tint of its own, which were put aside for new ones; Original shows them."


@pytest.fixture
def sepia(tmp_path: Path) -> Path:
    """The cup as an old print; in a format that no browser shows by itself."""
    with Image.open(CUP) as photo:
        gray = np.asarray(photo.convert("L"))[..., None]
    Image.fromarray((gray * (1.0, 0.88, 0.66)).astype(np.uint8)).save(tmp_path / "sepia.tif")
    return tmp_path / "sepia.tif"


def test_of_a_sepia_photo_is_sepia_and_it_is_said_that_the_tint_was_put_aside(
    sepia: Path, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab()
    tab.open(sepia)
    expect(tab.part("notes")).to_have_text(PUT_ASIDE)
    with Image.open(sepia) as photo:
        difference = tab.shown("before").astype(int) - np.asarray(photo)
    assert np.abs(difference).mean() < 4  # what WebP costs
    tab.use("brush")
    tab.part("original").hover()
    tab.page.mouse.down()
    expect(tab.part("original")).to_have_attribute("aria-pressed", "true")
    left, right = tab.seen_beside(0.5)
    for side in (left, right):
        cup = side[:, side.shape[1] // 3 : -side.shape[1] // 3].astype(int)  # without the margin beside the photo
        assert (cup[..., 0] - cup[..., 2]).mean() > 10


def test_of_a_gray_photo_stored_in_colour_is_gray_and_nothing_is_said(
    photos: Path, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab()
    tab.open(photos / "phone.jpg")
    expect(tab.part("notes")).to_have_text("")
    assert np.ptp(tab.shown("before").astype(int), axis=2).max() <= 2

"""The colours that a photograph came with."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer_hf.imaging import FULL_SIZE, PUT_ASIDE, read
from colorizer_hf.imaging.own_colors import ColorSketch

RED, BLUE = (160, 60, 40), (60, 90, 170)


@pytest.fixture
def halves() -> np.ndarray:
    """The upper half red, the lower one blue: (300, 400, 3)."""
    pixels = np.empty((300, 400, 3), np.uint8)
    pixels[:150], pixels[150:] = RED, BLUE
    return pixels


def test_are_dropped_unless_asked_for(halves: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(halves).save(tmp_path / "photo.png")
    assert read(tmp_path / "photo.png").colors is None


@pytest.mark.parametrize("longer_side", [400, 100, 39])
def test_are_kept_reduced(longer_side: int, halves: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(halves).save(tmp_path / "photo.png")
    colors = read(tmp_path / "photo.png", own_colors=longer_side).colors
    assert colors is not None
    assert colors.shape == (round(0.75 * longer_side), longer_side, 3)
    np.testing.assert_array_equal(colors[0, 0], RED)
    np.testing.assert_array_equal(colors[-1, -1], BLUE)


def test_of_many_bands_are_those_of_the_whole(halves: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(halves).resize((4001, 3001), Image.Resampling.NEAREST).save(
        tmp_path / "large.png", compress_level=1
    )
    colors = read(tmp_path / "large.png", own_colors=100).colors
    assert colors is not None
    assert colors.shape[:2] == (75, 100)
    assert (colors[:36] == RED).all()
    assert (colors[39:] == BLUE).all()


def test_lie_upright_like_the_photo(halves: np.ndarray, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(halves).save(tmp_path / "phone.png", exif=exif)
    colors = read(tmp_path / "phone.png", own_colors=100).colors
    assert colors is not None
    assert colors.shape[:2] == (100, 75)
    np.testing.assert_array_equal(colors[50, -1], RED)
    np.testing.assert_array_equal(colors[50, 0], BLUE)


def test_of_16_bits_have_8(halves: np.ndarray, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "deep.tif", halves.astype(np.uint16) * 257, photometric="rgb")
    colors = read(tmp_path / "deep.tif", own_colors=400).colors
    assert colors is not None
    np.testing.assert_array_equal(colors, halves)


def test_a_tint_is_one_and_noise_is_none(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    gray = np.tile(np.linspace(40, 210, 400), (300, 1))[..., None]
    noisy = (gray + generator.normal(0, 4, (300, 400, 3))).clip(0, 255).astype(np.uint8)
    sepia = (gray * (1, 0.9, 0.7)).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "noisy.jpg", quality=90)
    Image.fromarray(sepia).save(tmp_path / "sepia.jpg", quality=90)
    Image.fromarray(gray[..., 0].astype(np.uint8)).save(tmp_path / "gray.png")
    assert read(tmp_path / "noisy.jpg", own_colors=100).colors is None
    assert read(tmp_path / "gray.png", own_colors=100).colors is None
    assert read(tmp_path / "sepia.jpg", own_colors=100).colors is not None
    assert read(tmp_path / "noisy.jpg").notes == read(tmp_path / "gray.png").notes == ()
    assert read(tmp_path / "sepia.jpg").notes == (PUT_ASIDE,)


def test_are_spoken_of_in_a_note_asked_for_or_not(halves: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(halves).save(tmp_path / "photo.png")
    for source in (tmp_path / "photo.png", halves, Image.fromarray(halves), halves.astype(np.uint16) * 257):
        assert read(source).notes == read(source, own_colors=100).notes == (PUT_ASIDE,)
    assert read(halves[..., 0]).notes == ()


def test_at_full_size_are_all_pixels_also_of_what_is_gray_but_stored_as_colour(halves: np.ndarray) -> None:
    np.testing.assert_array_equal(read(halves, own_colors=FULL_SIZE).colors, halves)
    gray = np.repeat(halves[..., :1], 3, axis=2)
    photo = read(gray, own_colors=FULL_SIZE)
    np.testing.assert_array_equal(photo.colors, gray)
    assert photo.notes == ()
    assert read(gray[..., 0], own_colors=FULL_SIZE).colors is None


def test_nothing_of_the_rows_themselves_is_kept_for_they_are_as_large_as_the_photo(halves: np.ndarray) -> None:
    rows = halves.copy()
    sketch = ColorSketch((400, 300), 50)
    sketch.add(rows)
    rows[:] = 0
    assert sketch.colors is not None
    np.testing.assert_array_equal(sketch.colors[0, 0], RED)

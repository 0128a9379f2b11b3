"""The file that a person takes home."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from colorizer_hf.hints import hints_from_json
from colorizer_hf.imaging import read
from colorizer_hf.loading import load_colorizer
from tests.webui.photos import CUP
from tests.webui.tabs import Tab

MAKE, SOFTWARE, PHOTO_TAGS, TAKEN = 0x010F, 0x0131, 0x8769, 0x9003  # of EXIF


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of more pixels than the page shows at first."""
    path = tmp_path_factory.mktemp("large") / "large.png"
    with Image.open(CUP) as photo:
        photo.convert("L").resize((2400, 1600)).save(path)
    return path


def says_that_colour_was_added(picture: Image.Image) -> bool:
    """Whether EXIF and XMP both say so; they must not disagree."""
    in_exif = "colours added by a model" in picture.getexif().get(SOFTWARE, "")
    in_xmp = b"compositeWithTrainedAlgorithmicMedia" in (picture.info.get("xmp") or b"")
    assert in_exif == in_xmp
    return in_exif


def test_a_png_is_the_photo_at_its_own_size_coloured_as_the_hints_say(tab: Tab, large: Path) -> None:
    tab.open(large)
    tab.paint((0.25, 0.5), color="teal")
    download = tab.download(format="PNG")
    assert download.suggested_filename == "large-colour.png"
    photo = read(large)
    hints = hints_from_json(tab.save_hints(), photo.size)
    expected = load_colorizer(device="cpu")(photo, hints=hints)
    with Image.open(download.path()) as picture:
        assert picture.format == "PNG"
        assert picture.size == (2400, 1600)
        assert np.abs(np.asarray(picture).astype(int) - expected.pixels).max() <= 2


def test_a_jpeg_keeps_what_the_photo_said_of_itself(tab: Tab, photos: Path) -> None:
    tab.open(photos / "phone.jpg")
    download = tab.download(format="JPEG")
    assert download.suggested_filename == "phone-colour.jpg"
    with Image.open(download.path()) as picture:
        assert picture.format == "JPEG"
        assert picture.info["dpi"] == (300, 300)
        assert picture.getexif()[MAKE] == "Maker"
        assert picture.getexif().get_ifd(PHOTO_TAGS)[TAKEN] == "1931:05:06 07:08:09"


def test_the_note_is_there_unless_it_is_switched_off(tab: Tab, photos: Path) -> None:
    tab.open(photos / "gray.png")
    for format in ("JPEG", "PNG"):
        with Image.open(tab.download(format=format).path()) as picture:
            assert says_that_colour_was_added(picture)
        with Image.open(tab.download(format=format, note=False).path()) as picture:
            assert not says_that_colour_was_added(picture)


def test_sixteen_bits_stay_sixteen_in_a_png(tab: Tab, photos: Path) -> None:
    for name in ("sixteen_bits.tif", "sixteen_bits.png"):
        tab.open(photos / name)
        pixels = imagecodecs.png_decode(tab.download(format="PNG").path().read_bytes())
        assert pixels.shape == (400, 600, 3)
        assert pixels.dtype == np.uint16
        assert (pixels % 257 != 0).mean() > 0.9  # 8 bits spread over 16 would be multiples


def test_what_finds_no_place_in_the_file_is_said_below_the_photo(tab: Tab, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[33550], exif[33922] = (0.5, 0.5, 0.0), (0.0, 0.0, 0.0, 500.0, 200.0, 0.0)  # where it lies on the ground
    with Image.open(CUP) as photo:
        photo.convert("L").save(tmp_path / "map.tif", exif=exif)
    tab.open(tmp_path / "map.tif")
    notes = tab.part("notes")
    expect(notes).to_have_text("")
    tab.download(format="JPEG")
    expect(notes).to_have_text("A JPEG has no place for its georeference.")
    tab.open(tmp_path / "map.tif")
    expect(notes).to_have_text("")

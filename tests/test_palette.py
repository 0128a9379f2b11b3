"""Palettes from colours and from photographs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorizer_hf import ColorizationPipeline, ColorizerError, EditSession, HintError, ImageError, Palette
from colorizer_hf.batches import palette_to_tensor
from colorizer_hf.color import rgb_to_lab

RED, BLUE = (200, 40, 40), (40, 60, 180)


def two_colours(share: float) -> np.ndarray:
    """100 x 100, so much of it red, the rest blue."""
    picture = np.empty((100, 100, 3), np.uint8)
    picture[:] = BLUE
    picture[: round(100 * share)] = RED
    return picture


def chroma_of(color: tuple[int, int, int]) -> list[float]:
    _, chroma = rgb_to_lab(torch.tensor(color).view(1, 3, 1, 1) / 255)
    return (110 * chroma.flatten()).tolist()


class TestOfColors:
    def test_takes_the_chroma_in_equal_shares(self) -> None:
        palette = Palette.of_colors(["#c82828", BLUE], strength=0.5)
        assert palette.chroma[0] == pytest.approx(chroma_of(RED), abs=0.01)
        assert palette.chroma[1] == pytest.approx(chroma_of(BLUE), abs=0.01)
        assert palette.shares == (0.5, 0.5)
        assert palette_to_tensor(palette)[0, :, 2].tolist() == [0.25, 0.25]

    def test_refuses_what_is_no_colour_no_colours_and_strengths_out_of_range(self) -> None:
        with pytest.raises(HintError, match="must be #rrggbb"):
            Palette.of_colors(["red"])
        with pytest.raises(ValueError, match="at least one colour"):
            Palette.of_colors([])
        with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
            Palette.of_colors(["#ff0000"], strength=1.5)


class TestOfPhoto:
    @pytest.mark.parametrize("form", ["file", "array", "pillow"])
    def test_counts_the_colours_of_a_photograph(self, form: str, tmp_path: Path) -> None:
        pixels = two_colours(0.3)
        Image.fromarray(pixels).save(tmp_path / "photo.png")
        source = {"file": tmp_path / "photo.png", "array": pixels, "pillow": Image.fromarray(pixels)}[form]
        palette = Palette.of_photo(source)
        found = dict(zip(palette.shares, palette.chroma, strict=True))
        assert sorted(found)[-2:] == pytest.approx([0.3, 0.7], abs=0.02)
        assert found[max(found)] == pytest.approx(chroma_of(BLUE), abs=1)
        assert sum(palette.shares) == pytest.approx(1)

    def test_a_noisy_photograph_has_a_bounded_number(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
        assert len(Palette.of_photo(pixels).shares) <= 64

    def test_a_gray_photograph_has_none_and_says_so(self) -> None:
        with pytest.raises(ImageError, match="whose colours should be used has none"):
            Palette.of_photo(np.full((20, 20, 3), 90, np.uint8))


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(device="cpu")


@pytest.fixture
def gray() -> np.ndarray:
    """Squares of several grays, 96 x 120."""
    return (40 + 150 * np.random.default_rng(1).random((4, 5))).repeat(24, 0).repeat(24, 1).astype(np.uint8)


def assert_alike(one: np.ndarray, other: np.ndarray) -> None:
    """But for single pixels at edges: a network's last digits depend on how many photos go through it together."""
    assert np.abs(one.astype(int) - other).mean() < 0.05


class TestInUse:
    def test_a_picture_takes_on_its_colours_as_far_as_is_asked(self, pipe, gray) -> None:
        redness = []
        for palette in (None, *(Palette.of_colors([RED], strength=strength) for strength in (0.3, 0.9))):
            pixels = pipe(gray, palette=palette).pixels.astype(int)
            redness.append((pixels[..., 0] - pixels[..., 2]).mean())
        assert redness[0] + 5 < redness[1] < redness[2] - 5

    def test_an_edit_is_what_a_fresh_call_gives(self, pipe, gray) -> None:
        palette = Palette.of_photo(two_colours(0.5))
        session = EditSession(pipe, gray)
        session.update()
        assert np.array_equal(session.update(palette=palette).pixels, pipe(gray, palette=palette).pixels)

    def test_photos_of_a_batch_all_get_it(self, pipe, gray) -> None:
        palette = Palette.of_colors([BLUE])
        first, second = pipe([gray, gray[::-1].copy()], palette=palette, batch_size=2)
        assert_alike(first.pixels, pipe(gray, palette=palette).pixels)
        assert_alike(second.pixels, pipe(gray[::-1].copy(), palette=palette).pixels)

    def test_a_network_without_palettes_says_so(self, pipe, gray) -> None:
        from colorizer_hf.models.unet import UNetConfig, UNetModel

        plain = ColorizationPipeline(
            model=UNetModel(UNetConfig(width=4, depth=3)), image_processor=pipe.image_processor
        )
        with pytest.raises(ColorizerError, match="takes no palette"):
            plain(gray, palette=Palette.of_colors([RED]))

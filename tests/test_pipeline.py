"""Photo in, photo out, with the checkpoint that ships with the package."""

import io
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from transformers import pipeline as transformers_pipeline

from colorizer_hf.amounts import DEFAULT_VIVIDNESS
from colorizer_hf.color import lightness_table, luminance_codes, rgb_to_lab
from colorizer_hf.errors import CheckpointError, ColorizerError, HintError, ImageError
from colorizer_hf.hints import Hint
from colorizer_hf.imaging import read
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.session import EditSession

CHECKPOINT = Path(__file__).parents[1] / "colorizer_hf" / "checkpoints" / "chromaformer"
EXAMPLES = sorted((Path(__file__).parents[1] / "colorizer_hf" / "webui" / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def gray() -> np.ndarray:
    """A ramp with a square on it, 90 x 120."""
    picture = np.tile(np.linspace(40, 200, 120), (90, 1))
    picture[30:60, 40:80] += 40
    return picture.astype(np.uint8)


class TestPipeline:
    def test_gives_colour_to_an_example_at_its_own_size(self, pipe: ColorizationPipeline) -> None:
        result = pipe(EXAMPLES[0])
        assert result.image.size == result.photo.size
        assert np.ptp(result.pixels, axis=2).mean() > 2

    def test_luminance_is_the_photos_own(self, pipe: ColorizationPipeline) -> None:
        result = pipe(EXAMPLES[0])
        before, _ = rgb_to_lab(torch.from_numpy(np.repeat(result.photo.luminance[None, None], 3, axis=1)) / 255)
        after, _ = rgb_to_lab(torch.from_numpy(result.pixels.copy()).permute(2, 0, 1)[None] / 255)
        assert (before - after).abs().max() <= 0.01

    def test_the_colour_of_a_colour_photo_plays_no_part(self, pipe: ColorizationPipeline) -> None:
        rgb = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
        torch.testing.assert_close(pipe(rgb).chroma, pipe(luminance_codes(rgb)).chroma)

    def test_lists_and_generators_of_mixed_sizes_give_what_single_calls_give(
        self, pipe: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        photos = [gray, gray[:, ::-1].copy(), gray.T.copy(), gray[:50, :50].copy()]
        single = [pipe(photo).chroma for photo in photos]
        for together in (pipe(photos, batch_size=3), list(pipe((photo for photo in photos), batch_size=2))):
            for one, other in zip(together, single, strict=True):
                torch.testing.assert_close(one.chroma, other, atol=1e-4, rtol=0)

    def test_a_result_of_a_batch_does_not_carry_the_others(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        alone, (first, *_) = pipe(gray), pipe([gray] * 3, batch_size=3)
        assert len(pickle.dumps(first)) == len(pickle.dumps(alone))
        copy = pickle.loads(pickle.dumps(first))
        assert np.array_equal(copy.pixels, first.pixels)
        # single pixels at edges differ: the last digits of a network depend on the size of the batch
        assert np.abs(copy.pixels.astype(int) - alone.pixels).mean() < 0.05

    @pytest.mark.parametrize("batch_size", [0, -1])
    def test_batches_of_nothing_are_refused(
        self, pipe: ColorizationPipeline, gray: np.ndarray, batch_size: int
    ) -> None:
        with pytest.raises(ValueError, match=f"batch_size must be at least 1, got {batch_size}"):
            pipe([gray], batch_size=batch_size)

    def test_an_empty_list_gives_an_empty_list(self, pipe: ColorizationPipeline) -> None:
        assert pipe([]) == []

    def test_vividness_makes_pictures_more_colourful(self, pipe: ColorizationPipeline) -> None:
        calm, vivid = (pipe(EXAMPLES[0], vividness=v).chroma.norm(dim=0).mean() for v in (0.0, 1.0))
        assert vivid > 1.2 * calm

    def test_a_gray_hint_makes_clothes_gray_at_any_vividness(self, pipe: ColorizationPipeline) -> None:
        astronaut = next(path for path in EXAMPLES if path.stem == "astronaut")
        for vividness in (0.0, 1.0):
            chroma = pipe(astronaut, hints=[Hint(196, 332, "#707070", radius=10)], vividness=vividness).chroma
            suit = chroma[:, 35:50, 16:29]  # cells of 8 x 8 pixels around the hint
            assert 110 * suit.norm(dim=0).mean() < 6  # in Lab units

    def test_without_a_word_pictures_lie_between_the_safest_and_the_most_colourful(
        self, pipe: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        chroma = pipe(gray).chroma
        assert torch.equal(chroma, pipe(gray, vividness=DEFAULT_VIVIDNESS).chroma)
        assert torch.equal(chroma, EditSession(pipe, gray).update().chroma)
        assert pipe(gray, vividness=0.0).chroma.norm() < chroma.norm() < pipe(gray, vividness=1.0).chroma.norm()

    def test_a_larger_working_size_gives_finer_chroma(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        assert pipe(gray, size=384).chroma.shape[1] == 2 * pipe(gray, size=192).chroma.shape[1]

    def test_alpha_is_kept(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        alpha = np.arange(gray.size, dtype=np.uint8).reshape(gray.shape)
        result = pipe(Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha)]))
        assert result.image.mode == "RGBA"
        assert np.array_equal(result.pixels[..., 3], alpha)

    def test_16_bit_photos_stay_16_bit(self, pipe: ColorizationPipeline, gray: np.ndarray, tmp_path: Path) -> None:
        result = pipe(gray.astype(np.uint16) * 257 + 3)
        assert result.pixels.dtype == np.uint16
        assert result.image.mode == "RGB"
        result.save(tmp_path / "out.png")
        assert read(tmp_path / "out.png").luminance.dtype == np.uint16

    @pytest.mark.parametrize("vividness", [-0.1, 1.1, float("nan")])
    def test_vividness_outside_its_range_is_refused(
        self, pipe: ColorizationPipeline, gray: np.ndarray, vividness: float
    ) -> None:
        with pytest.raises(ValueError, match="vividness must be between 0 and 1"):
            pipe(gray, vividness=vividness)

    def test_an_unreadable_photo_is_an_image_error(self, pipe: ColorizationPipeline) -> None:
        with pytest.raises(ImageError):
            pipe(b"no picture")


class TestLevelsAndBand:
    def test_reach_the_reader_from_a_call_and_from_the_making(self, pipe: ColorizationPipeline, tmp_path: Path) -> None:
        numbers = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)  # of 12 bits
        scan = tmp_path / "scan.png"
        Image.fromarray(numbers).save(scan)
        taken = pipe(scan)
        assert taken.photo.luminance.max() == 65535
        assert "0 to 4095 was taken" in taken.notes[0]
        as_is = pipe(scan, levels="as-is").photo
        assert (as_is.luminance.max(), as_is.notes) == (4095, ())
        assert pipe(scan, levels=(0, 8190)).photo.luminance.max() == 32768
        picky = ColorizationPipeline(pipe.model, pipe.image_processor, device="cpu", levels=(0, 8190), band=2)
        rgb = np.dstack([numbers, numbers // 2, numbers])
        assert picky(rgb).photo.luminance.max() == 16380
        assert picky(rgb, band=1).notes == ("band 1 of 3 was read",)

    def test_senseless_ones_are_refused(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        with pytest.raises(ValueError, match="levels must be"):
            pipe(gray, levels=(5, 1))
        with pytest.raises(ValueError, match="band must be at least 1"):
            pipe(gray, band=0)


class TestHints:
    def test_a_dab_takes_its_colour_and_leaves_far_away_alone(
        self, pipe: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        plain, dabbed = (lab_of(pipe(gray, hints=hints).pixels) for hints in (None, [Hint(60, 45, "#d02020", 6)]))
        change = dabbed[0] - plain[0]  # of a*
        at_dab, far_away = change[40:50, 55:65].mean(), change[:8, :8].mean()
        assert at_dab > 15
        assert abs(far_away) < at_dab / 6

    def test_a_painted_layer_works_like_dabs(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        layer = np.zeros((*gray.shape, 4), np.uint8)
        layer[40:50, 50:70] = (32, 32, 208, 255)
        change = lab_of(pipe(gray, hints=Image.fromarray(layer)).pixels)[1] - lab_of(pipe(gray).pixels)[1]
        assert change[40:50, 50:70].mean() < -15

    def test_a_hint_outside_is_a_hint_error(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        with pytest.raises(HintError, match="outside the photo of 120 x 90 pixels"):
            pipe(gray, hints=[Hint(120, 5, "#ff0000")])


def lab_of(pixels: np.ndarray) -> np.ndarray:
    _, chroma = rgb_to_lab(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255)
    return (chroma[0] * 110).numpy()


class TestPreview:
    def test_is_close_to_the_full_picture_reduced(self, pipe: ColorizationPipeline) -> None:
        result = pipe(EXAMPLES[0])
        preview = result.preview(400)
        assert max(preview.size) == 400
        expected = result.image.resize(preview.size, Image.Resampling.BOX)
        difference = np.abs(np.asarray(preview).astype(int) - np.asarray(expected))
        assert difference.mean() < 2

    def test_of_a_photo_within_the_size_is_its_image(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        result = pipe(gray)
        for longer_side in (120, 1600):
            assert result.preview(longer_side).tobytes() == result.image.tobytes()

    def test_of_16_bits_has_8_and_looks_the_same(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        result = pipe(gray.astype(np.uint16) * 257 + 3)
        preview = result.preview(60)
        assert preview.mode == "RGB"
        expected = np.asarray(result.image.resize((60, 45), Image.Resampling.BOX)).astype(int)
        assert np.abs(np.asarray(preview) - expected).mean() < 2

    def test_keeps_alpha(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        alpha = Image.fromarray(np.tile(np.linspace(0, 255, 120).astype(np.uint8), (90, 1)))
        preview = pipe(Image.merge("LA", [Image.fromarray(gray), alpha])).preview(60)
        assert (preview.mode, preview.size) == ("RGBA", (60, 45))
        expected = np.asarray(alpha.resize((60, 45), Image.Resampling.BOX)).astype(int)
        assert np.abs(np.asarray(preview.getchannel("A")) - expected).max() <= 1

    @pytest.mark.parametrize("longer_side", [120, 60])
    def test_of_a_part_is_cut_out_of_the_whole(
        self, longer_side: int, pipe: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        result = pipe(gray)
        part = np.asarray(result.preview(longer_side, part=(8, 5, 41, 30)))
        np.testing.assert_array_equal(part, np.asarray(result.preview(longer_side))[5:30, 8:41])

    def test_of_another_edit_uses_the_same_reduced_photo(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        session = EditSession(pipe, gray)
        first, second = session.update([]), session.update([Hint(60, 45, "#d02020")])
        assert first.photo.reduced(60) is second.photo.reduced(60)
        assert first.preview(60).tobytes() != second.preview(60).tobytes()


class TestSuggestions:
    def test_are_distinct_likely_colours_at_the_photos_luminance(self, pipe: ColorizationPipeline) -> None:
        result = pipe(EXAMPLES[0])
        width, height = result.photo.size
        found = result.suggestions(width // 2, height // 2, k=4)
        assert 1 < len(found) <= 4
        assert [s.share for s in found] == sorted((s.share for s in found), reverse=True)
        assert len({s.color for s in found}) == len(found)
        code = result.photo.luminance[height // 2, width // 2]
        for suggestion in found:
            rgb = np.array([[[int(suggestion.color[i : i + 2], 16) for i in (1, 3, 5)]]], np.uint8)
            assert abs(int(luminance_codes(rgb)[0, 0]) - int(code)) <= 3

    def test_in_the_dark_can_be_given_at_a_luminance_that_shows_them(self, pipe: ColorizationPipeline) -> None:
        dark = np.full((64, 64), 4, np.uint8)
        found = pipe(dark).suggestions(30, 30, luminance=(0.4, 0.8))
        for suggestion in found:
            rgb = torch.tensor([int(suggestion.color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
            luminance, _ = rgb_to_lab(rgb.view(1, 3, 1, 1))
            assert float(luminance) == pytest.approx(0.4, abs=0.01)

    def test_a_point_outside_is_refused(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        with pytest.raises(ColorizerError, match="outside the photo"):
            pipe(gray).suggestions(500, 5)


class TestEditSession:
    def test_an_update_equals_a_fresh_call(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        session = EditSession(pipe, gray)
        hints = [Hint(60, 45, "#d02020"), Hint(5, 5, "#20d020", 3)]
        for current, vividness in (([], 1.0), (hints[:1], 1.0), (hints, 0.3), ([], 1.0)):
            fresh = pipe(gray, hints=current, vividness=vividness)
            assert np.array_equal(session.update(current, vividness=vividness).pixels, fresh.pixels)

    @pytest.mark.parametrize("vividness", [-0.1, float("nan")])
    def test_vividness_outside_its_range_is_refused(
        self, pipe: ColorizationPipeline, gray: np.ndarray, vividness: float
    ) -> None:
        with pytest.raises(ValueError, match="vividness must be between 0 and 1"):
            EditSession(pipe, gray).update(vividness=vividness)


class TestLoading:
    def test_transformers_pipeline_finds_the_task(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        other: Any = transformers_pipeline("image-colorization", model=str(CHECKPOINT), device="cpu")  # ty: ignore[no-matching-overload]
        assert torch.equal(other(gray).chroma, pipe(gray).chroma)

    def test_transformers_pipeline_has_a_default_model(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        other: Any = transformers_pipeline("image-colorization", device="cpu")  # ty: ignore[no-matching-overload]
        assert torch.equal(other(gray).chroma, pipe(gray).chroma)

    def test_options_of_the_pipeline_hold_until_a_call_says_otherwise(
        self, pipe: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        options: Any = {"vividness": 0.0, "size": 64}
        calm = ColorizationPipeline(
            model=pipe.model, image_processor=pipe.image_processor, task="image-colorization", device="cpu", **options
        )
        assert torch.equal(calm(gray).chroma, pipe(gray, **options).chroma)
        assert torch.equal(calm(gray, vividness=1.0).chroma, pipe(gray, vividness=1.0, size=64).chroma)

    def test_save_and_load_gives_equal_pictures(
        self, pipe: ColorizationPipeline, gray: np.ndarray, tmp_path: Path
    ) -> None:
        pipe.save_pretrained(tmp_path)
        assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}
        loaded = ColorizationPipeline.from_pretrained(tmp_path, device="cpu")
        assert np.array_equal(loaded(gray).pixels, pipe(gray).pixels)

    @pytest.mark.parametrize("content", [None, "{"], ids=["missing", "damaged"])
    def test_a_folder_without_its_image_processor_is_named(self, tmp_path: Path, content: str | None) -> None:
        folder = tmp_path / "copy"
        shutil.copytree(CHECKPOINT, folder)
        (folder / "preprocessor_config.json").unlink()
        if content:
            (folder / "preprocessor_config.json").write_text(content)
        with pytest.raises(CheckpointError, match=r"copy has no preprocessor_config\.json that can be read"):
            ColorizationPipeline.from_pretrained(folder)

    def test_an_unknown_name_lists_the_known_ones(self) -> None:
        with pytest.raises(CheckpointError, match=r"no checkpoint nonsense.* one of: chromaformer"):
            ColorizationPipeline.from_pretrained("nonsense")


class TestNote:
    def test_says_in_the_metadata_that_a_model_made_the_colours(
        self, pipe: ColorizationPipeline, gray: np.ndarray, tmp_path: Path
    ) -> None:
        pipe(gray).save(tmp_path / "out.jpg")
        with Image.open(tmp_path / "out.jpg") as picture:
            assert "colours added by a model" in picture.getexif()[ExifTags.Base.Software]
            assert b"compositeWithTrainedAlgorithmicMedia" in picture.info["xmp"]

    def test_can_be_left_out_and_the_metadata_stays_as_it_was(
        self, pipe: ColorizationPipeline, gray: np.ndarray, tmp_path: Path
    ) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Software] = "a scanner"
        Image.fromarray(gray).save(tmp_path / "in.png", exif=exif, dpi=(300, 300))
        result = pipe(tmp_path / "in.png")
        result.save(tmp_path / "out.png", note=False)
        assert read(tmp_path / "out.png").metadata == result.photo.metadata
        assert result.photo.metadata.exif is not None

    def test_of_a_picture_colorized_twice_is_there_once(
        self, pipe: ColorizationPipeline, gray: np.ndarray, tmp_path: Path
    ) -> None:
        pipe(gray).save(tmp_path / "once.jpg")
        pipe(tmp_path / "once.jpg").save(tmp_path / "twice.jpg")
        assert read(tmp_path / "twice.jpg").metadata == read(tmp_path / "once.jpg").metadata


def test_saving_into_a_file_object_format_follows_the_suffix(
    pipe: ColorizationPipeline, gray: np.ndarray, tmp_path: Path
) -> None:
    pipe(gray).save(tmp_path / "out.webp")
    assert Image.open(io.BytesIO((tmp_path / "out.webp").read_bytes())).format == "WEBP"


@pytest.fixture(scope="module")
def nir(nir_checkpoint: Path) -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(nir_checkpoint, device="cpu")


class TestNearInfrared:
    def test_the_result_has_a_luminance_of_its_own_and_the_photo_keeps_its(
        self, nir: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        result = nir(gray)
        assert np.array_equal(result.photo.luminance, gray)
        assert result.luminance.mean() > gray.mean() + 20
        shown, _ = rgb_to_lab(torch.from_numpy(result.pixels.copy()).permute(2, 0, 1)[None] / 255)
        codes = torch.from_numpy(lightness_table(np.uint8)[result.luminance])
        assert (shown[0, 0] - codes).abs().max() <= 0.01

    def test_gray_networks_keep_the_luminance(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        result = pipe(gray)
        assert result.predicted_luminance is None
        assert result.luminance is result.photo.luminance

    def test_sixteen_bits_stay_sixteen_bits(self, nir: ColorizationPipeline, gray: np.ndarray, tmp_path: Path) -> None:
        result = nir(gray.astype(np.uint16) * 257)
        assert result.pixels.dtype == np.uint16
        result.save(tmp_path / "colour.tif")
        assert read(tmp_path / "colour.tif").luminance.dtype == np.uint16

    @pytest.mark.parametrize("level", [0, 255])
    @pytest.mark.parametrize("shape", [(1, 1), (40, 56)], ids=str)
    def test_even_frames_have_a_result(self, nir: ColorizationPipeline, level: int, shape: tuple[int, int]) -> None:
        frame = np.full(shape, level, np.uint8)
        assert nir(frame).pixels.shape == (*shape, 3)

    def test_a_colour_photo_counts_as_its_luminance(self, nir: ColorizationPipeline, gray: np.ndarray) -> None:
        colour = np.stack([gray, gray // 2, 255 - gray], axis=-1)
        assert nir(colour).pixels.tobytes() == nir(read(Image.fromarray(colour)).luminance).pixels.tobytes()

    def test_hints_and_previews_work_as_ever(self, nir: ColorizationPipeline, gray: np.ndarray) -> None:
        red = [Hint(60, 45, "#c03020")]
        result = nir(gray, hints=red)
        assert result.pixels[45, 60, 0] > result.pixels[45, 60, 2]
        assert EditSession(nir, gray).update(red).pixels.tobytes() == result.pixels.tobytes()
        assert result.preview(60).size == (60, 45)
        assert result.suggestions(60, 45)

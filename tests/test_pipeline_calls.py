"""The pipeline as users of transformers call it: its options, and whatever they hand over."""

import base64
import copy
import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from PIL import Image
from transformers import ResNetConfig, ResNetModel
from transformers import pipeline as transformers_pipeline
from transformers.pipelines.pt_utils import KeyDataset

from colorizer_hf.errors import ColorizerError, HintError, ImageError
from colorizer_hf.hints import Hint
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.result import ColorizationResult
from colorizer_hf.session import EditSession
from tests.tiny_networks import TINY_CHROMAFORMER

CHECKPOINT = str(Path(__file__).parents[1] / "colorizer_hf" / "checkpoints" / "chromaformer")
PHOTO = Path(CHECKPOINT).parents[1] / "webui" / "examples" / "coffee_cup.jpg"
RED = Hint(60, 45, "#d02020", 6)
make_pipeline: Any = transformers_pipeline


@pytest.fixture(scope="module")
def pipe() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained(device="cpu", size=64)


@pytest.fixture(scope="module")
def nir() -> ColorizationPipeline:
    config = ChromaFormerConfig(**TINY_CHROMAFORMER, modality="nir", predicts_luminance=True)
    return ColorizationPipeline(ChromaFormerModel(config), device="cpu", size=64)


@pytest.fixture(scope="module")
def gray() -> np.ndarray:
    return np.tile(np.linspace(40, 200, 120), (90, 1)).astype(np.uint8)


@pytest.fixture(scope="module")
def dataset(gray: np.ndarray) -> datasets.Dataset:
    rows = {"image": [Image.fromarray(gray)] * 3, "label": [0, 1, 2]}
    return datasets.Dataset.from_dict(rows)


def same(one: ColorizationResult, other: ColorizationResult) -> bool:
    return torch.allclose(one.chroma, other.chroma, atol=1e-5)


class TestManyPhotographs:
    @pytest.fixture(params=["column", "undecoded column", "key dataset", "iterable dataset", "map", "generator"])
    def many(self, request: pytest.FixtureRequest, dataset: datasets.Dataset) -> Any:
        images = dataset.select_columns("image")
        undecoded = images.cast_column("image", datasets.Image(decode=False))
        return {
            "column": lambda: dataset["image"],
            "undecoded column": lambda: undecoded["image"],
            "key dataset": lambda: KeyDataset(dataset, "image"),  # ty: ignore[invalid-argument-type]
            "iterable dataset": lambda: images.to_iterable_dataset(),
            "map": lambda: map(np.asarray, dataset["image"]),
            "generator": lambda: (image for image in dataset["image"]),
        }[request.param]()

    def test_of_a_dataset_or_an_iterable_come_one_by_one(
        self, pipe: ColorizationPipeline, gray: np.ndarray, many: Any
    ) -> None:
        results = pipe(many, batch_size=2, num_workers=1)
        assert isinstance(results, Iterator)
        expected = pipe(gray)
        assert [same(result, expected) for result in results] == [True] * 3

    def test_of_a_tuple_give_a_list(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        assert [same(result, pipe(gray)) for result in pipe((gray, gray))] == [True, True]
        assert pipe(()) == pipe([]) == []
        assert list(pipe(iter([]))) == []

    def test_rows_with_other_columns_say_how_to_choose_one(
        self, pipe: ColorizationPipeline, dataset: datasets.Dataset
    ) -> None:
        with pytest.raises(TypeError, match=r"got image, label; .* KeyDataset\(dataset, 'image'\)"):
            list(pipe(dataset))

    def test_may_come_with_hints_in_a_dictionary(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        plain, red = pipe(gray), pipe(gray, hints=[RED])
        rows = [{"image": gray, "hints": [RED]}, {"image": gray}, {"image": gray, "hints": []}]
        assert [same(result, red) for result in pipe(rows)] == [True, False, False]
        assert [same(result, red) for result in pipe(rows, hints=[RED])] == [True, True, False]
        assert same(pipe({"image": gray}), plain)


class TestHintsOfManyPhotographs:
    @pytest.mark.parametrize("batch_size", [1, 3])
    def test_an_iterator_of_them_reaches_every_photograph(
        self, pipe: ColorizationPipeline, gray: np.ndarray, batch_size: int
    ) -> None:
        expected = pipe(gray, hints=[RED])
        results = pipe([gray] * 3, hints=iter([RED]), batch_size=batch_size)
        assert [same(result, expected) for result in results] == [True] * 3

    def test_a_list_of_lists_has_one_for_each(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        plain, red = pipe(gray), pipe(gray, hints=[RED])
        for photos in ([gray] * 3, (gray for _ in range(3))):
            first, second, third = pipe(photos, hints=[None, [RED], []], batch_size=3)
            assert (same(first, plain), same(second, red), same(third, plain)) == (True, True, True)

    @pytest.mark.parametrize("count", [1, 3])
    def test_of_another_number_are_refused(self, pipe: ColorizationPipeline, gray: np.ndarray, count: int) -> None:
        for photos in ([gray] * count, (gray for _ in range(count))):
            with pytest.raises(HintError, match="hints for 2 photographs, but not as many photographs"):
                list(pipe(photos, hints=[[RED], []]))

    def test_one_photograph_takes_one_list(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        with pytest.raises(HintError, match="one photograph takes one list of hints"):
            pipe(gray, hints=[[RED]])


class TestOptions:
    def test_of_a_call_may_be_given_when_the_pipeline_is_made(self, gray: np.ndarray) -> None:
        options: Any = {"size": 64, "vividness": 0.0, "hints": iter([RED]), "batch_size": 2, "num_workers": 1}
        made = ColorizationPipeline.from_pretrained(device="cpu", **options)
        again = make_pipeline("image-colorization", model=CHECKPOINT, device="cpu", **options | {"hints": [RED]})
        for calm in (made, again):
            for result in calm([gray, gray]):
                assert same(result, calm(gray, hints=[RED], vividness=0.0, size=64, batch_size=1, num_workers=0))

    @pytest.mark.parametrize("name", ["devcie", "dtyp", "vividnes", "topk"])
    def test_an_unknown_one_is_named(self, pipe: ColorizationPipeline, name: str) -> None:
        unknown: Any = {name: "cuda"}
        message = f"ColorizationPipeline has no option {name}; (did you mean|there are)"
        with pytest.raises(TypeError, match=message):
            ColorizationPipeline.from_pretrained(**unknown)
        with pytest.raises(TypeError, match=message):
            make_pipeline("image-colorization", model=CHECKPOINT, **unknown)
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
            pipe(PHOTO, **unknown)

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ({"batch_size": "2"}, "batch_size must be at least 1, got '2'"),
            ({"num_workers": -1}, "num_workers must be at least 0, got -1"),
            ({"vividness": "high"}, "vividness must be between 0 and 1, got 'high'"),
            ({"size": "big"}, "size must be 32 to 1024 pixels, got 'big'"),
        ],
        ids=str,
    )
    def test_of_another_kind_are_refused(self, pipe: ColorizationPipeline, option: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            pipe(PHOTO, **option)

    def test_a_palette_must_be_one(self, pipe: ColorizationPipeline) -> None:
        colors: Any = ["#ff0000"]
        with pytest.raises(TypeError, match=r"palette must be a Palette, as Palette.of_colors gives it, got list"):
            pipe(PHOTO, palette=colors)

    @pytest.mark.parametrize("device", ["cudaa", "meta", torch.device("meta")], ids=str)
    def test_a_device_that_is_not_there_is_named(self, device: Any) -> None:
        with pytest.raises(ValueError, match=f"there is no device '{device}' here"):
            ColorizationPipeline.from_pretrained(device=device)

    @pytest.mark.parametrize("device_map", ["auto", "cpu", {"": "cpu"}], ids=str)
    def test_a_device_map_places_the_network(
        self, pipe: ColorizationPipeline, gray: np.ndarray, device_map: Any
    ) -> None:
        placed = ColorizationPipeline.from_pretrained(device_map=device_map, size=64)
        assert same(placed(gray), pipe(gray))

    def test_a_network_needs_no_image_processor_beside_it(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        for made in (
            ColorizationPipeline(load_model(), device="cpu"),
            make_pipeline("image-colorization", model=load_model(), device="cpu"),
        ):
            assert made.image_processor.to_dict() == pipe.image_processor.to_dict()
            assert same(made(gray, size=64), pipe(gray))

    def test_a_network_that_does_not_colorize_is_refused(self) -> None:
        config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1])
        with pytest.raises(TypeError, match="needs a network that colorizes, got ResNetModel"):
            ColorizationPipeline(ResNetModel(config))  # ty: ignore[invalid-argument-type]


class TestHalfPrecision:
    @pytest.fixture(params=["bfloat16", "float16"])
    def dtype(self, request: pytest.FixtureRequest) -> str:
        return request.param

    @pytest.mark.parametrize("hints", [None, [RED, Hint(20, 20, "#20d020", reach="alike")]], ids=["plain", "hinted"])
    def test_gives_nearly_the_same_pictures(self, pipe: ColorizationPipeline, dtype: str, hints: Any) -> None:
        expected = pipe(PHOTO, hints=hints)
        for half in (
            ColorizationPipeline.from_pretrained(device="cpu", dtype=dtype, size=64),
            make_pipeline("image-colorization", model=CHECKPOINT, device="cpu", dtype=dtype, size=64),
        ):
            assert half.dtype == getattr(torch, dtype)
            result = half(PHOTO, hints=hints)
            assert result.chroma.dtype == torch.float32
            assert np.abs(result.pixels.astype(int) - expected.pixels).mean() < 1
            assert result.suggestions(60, 45)[0].share > 0
            assert torch.equal(EditSession(half, PHOTO, size=64).update(hints).chroma, result.chroma)

    def test_goes_by_its_former_name_as_well(self, dtype: str) -> None:
        assert ColorizationPipeline.from_pretrained(device="cpu", torch_dtype=dtype).dtype == getattr(torch, dtype)

    def test_may_be_asked_for_later(self, gray: np.ndarray, pipe: ColorizationPipeline) -> None:
        half = ColorizationPipeline(load_model().half(), device="cpu")
        assert np.abs(half(gray, size=64).pixels.astype(int) - pipe(gray).pixels).mean() < 1


class TestCommonContrast:
    """Of near-infrared frames that were exposed alike."""

    def test_of_one_frame_is_its_own(self, nir: ColorizationPipeline, gray: np.ndarray) -> None:
        contrast = nir.common_contrast([gray])
        own, common = nir(gray).predicted_luminance, nir(gray, contrast=contrast).predicted_luminance
        torch.testing.assert_close(own, common, atol=5e-3, rtol=0)

    def test_lies_between_the_darkest_and_the_brightest_of_all(
        self, nir: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        (low, _), (_, high) = (nir.common_contrast([frame]) for frame in (gray // 2, gray))
        assert nir.common_contrast(iter([gray, gray // 2])) == pytest.approx((low, high), abs=0.01)

    def test_of_even_frames_can_be_used(self, nir: ColorizationPipeline) -> None:
        white = np.full((40, 50), 255, np.uint8)
        contrast = nir.common_contrast([white, white])
        assert np.isfinite(np.asarray(nir(white, contrast=contrast).predicted_luminance)).all()

    def test_needs_frames_and_a_network_for_them(self, nir: ColorizationPipeline, pipe: ColorizationPipeline) -> None:
        with pytest.raises(ValueError, match="no frame"):
            nir.common_contrast([])
        with pytest.raises(ValueError, match="darker one first"):
            nir(np.zeros((40, 50), np.uint8), contrast=(0.5, 0.4))
        with pytest.raises(ColorizerError, match="near-infrared"):
            pipe(np.zeros((40, 50), np.uint8), contrast=(0.0, 0.4))


class TestAddresses:
    def test_are_not_fetched_unless_asked_for(self, pipe: ColorizationPipeline) -> None:
        for address in ("https://example.com/old.jpg", "HTTP://127.0.0.1/", "ftp://example.com/a", "file:///etc/hosts"):
            with pytest.raises(ImageError, match=f"{address}: it is an address; download .* allow_urls=True"):
                pipe(address)

    def test_a_long_one_is_not_repeated(self, pipe: ColorizationPipeline) -> None:
        address = "data:image/png;base64," + "A" * 200_000
        for photos in (address, [address]):
            with pytest.raises(ImageError, match=r"^data:image/png;base64,A+\.\.\.: it is an address") as caught:
                pipe(photos)
            assert len(str(caught.value)) < 200

    def test_data_addresses_are_photographs_when_asked_for(self, pipe: ColorizationPipeline) -> None:
        address = f"data:image/jpeg;base64,{base64.b64encode(PHOTO.read_bytes()).decode()}"
        assert same(pipe(address, allow_urls=True), pipe(PHOTO))
        assert same(ColorizationPipeline.from_pretrained(device="cpu", allow_urls=True, size=64)(address), pipe(PHOTO))

    def test_private_networks_are_left_alone_nevertheless(self, pipe: ColorizationPipeline) -> None:
        with pytest.raises(ImageError, match="it leads into a private network"):
            pipe("http://127.0.0.1:9/old.jpg", allow_urls=True)


class TestResults:
    @pytest.mark.parametrize(
        ("format", "found"),
        [*((name, name) for name in ("JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF")), ("png", "PNG"), ("jpg", "JPEG")],
    )
    def test_are_saved_into_a_file_object(
        self, pipe: ColorizationPipeline, gray: np.ndarray, format: str, found: str
    ) -> None:
        file = io.BytesIO()
        pipe(gray).save(file, format=format)
        with Image.open(file) as picture:
            assert (picture.format, picture.size) == (found, (120, 90))

    def test_are_saved_at_the_position_of_a_file(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        file = io.BytesIO(b"head")
        file.seek(4)
        pipe(gray).save(file, format="PNG")
        assert file.getvalue().startswith(b"head\x89PNG")

    @pytest.mark.parametrize("name", ["picture", "picture.dat", "picture.jpg"])
    def test_a_format_goes_before_a_suffix(
        self, pipe: ColorizationPipeline, gray: np.ndarray, tmp_path: Path, name: str
    ) -> None:
        pipe(gray).save(tmp_path / name, format="PNG")
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")

    def test_a_file_object_needs_a_format_that_there_is(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        with pytest.raises(ValueError, match="format must be given for a file object"):
            pipe(gray).save(io.BytesIO())
        with pytest.raises(ValueError, match=r"format must be one of JPEG, .*, got 'nonsense'"):
            pipe(gray).save(io.BytesIO(), format="nonsense")

    def test_a_file_in_text_mode_is_refused(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        file: Any = io.StringIO()
        with pytest.raises(TypeError, match=r"a file must be opened in binary mode \('wb'\)"):
            pipe(gray).save(file, format="PNG")

    def test_of_pipeline_and_session_can_be_copied_and_pickled(
        self, pipe: ColorizationPipeline, gray: np.ndarray
    ) -> None:
        for result in (pipe(gray), EditSession(pipe, gray).update([RED])):
            for other in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
                assert np.array_equal(other.pixels, result.pixels)


class FarReachingModel(ChromaFormerModel):
    """A network that carries hints as far as it pleases."""

    limits_reach = False


class TestReach:
    def test_of_networks_that_cannot_limit_it_is_all_there_is_and_a_note_says_so(self, gray: np.ndarray) -> None:
        model = FarReachingModel(ChromaFormerConfig(**TINY_CHROMAFORMER)).eval()
        far = ColorizationPipeline(model, device="cpu")
        note = "this network carries hints as far as it likes, whatever their reach"
        alike, limited = ([Hint(60, 45, "#d02020", reach=reach)] for reach in ("alike", "object"))
        for color in (lambda hints: far(gray, hints=hints), EditSession(far, gray).update):
            assert color(alike).notes == ()
            assert color(limited).notes == (note,)
            assert torch.equal(color(limited).chroma, color(alike).chroma)

    def test_of_others_needs_no_note(self, pipe: ColorizationPipeline, gray: np.ndarray) -> None:
        assert pipe(gray, hints=[Hint(60, 45, "#d02020", reach="spot")]).notes == ()

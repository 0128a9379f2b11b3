"""Published weights become checkpoints that colour alike, or are refused in one sentence with nothing written."""

import hashlib
import json
import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from colorizer_hf import ColorizationPipeline
from colorizer_hf.cli import app
from colorizer_hf.conversion.convert import convert
from colorizer_hf.conversion.systems import SYSTEMS
from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.hint_batch import HintBatch
from colorizer_hf.models.siggraph17 import palette_statistics
from tests.published_layouts import PublishedEccv16, PublishedGlobalHints, PublishedSiggraph17, randomize

WIDTH = 4
Published = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def siggraph17() -> PublishedSiggraph17:
    network: Any = randomize(PublishedSiggraph17(WIDTH))
    return network


@pytest.fixture
def weights(siggraph17: PublishedSiggraph17) -> Published:
    return dict(siggraph17.state_dict())


def luminance() -> torch.Tensor:
    return torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(1))


def hints() -> HintBatch:
    generator = torch.Generator().manual_seed(2)
    return HintBatch(
        points=torch.rand(1, 5, 2, generator=generator) * 2 - 1,
        chroma=torch.rand(1, 5, 2, generator=generator) - 0.5,
        radius=torch.full((1, 5), 0.04),
        mask=torch.ones(1, 5, dtype=torch.bool),
    )


def converted(name: str, weights: Any, folder: Path, **options: Any) -> Any:
    torch.save(weights, folder / "published.pth")
    convert(name, [folder / "published.pth"], folder / "checkpoint", **options)
    return load_model(folder / "checkpoint")


class TestSameColours:
    @pytest.mark.parametrize("center", [0, 0.5])
    @torch.no_grad()
    def test_of_siggraph17_with_hints(self, siggraph17: PublishedSiggraph17, tmp_path: Path, center: float) -> None:
        model = converted("siggraph17", siggraph17.state_dict(), tmp_path, settings={"mask_center": center})
        hint_map, mask = hints().rasterize(64, 96)
        expected, logits = siggraph17(100 * luminance(), 110 * hint_map, mask, center)
        got = model(luminance(), hints=hints())
        torch.testing.assert_close(got.chroma, expected / 110, atol=1e-5, rtol=0)
        torch.testing.assert_close(got.logits, logits, atol=1e-4, rtol=0)

    @torch.no_grad()
    def test_of_siggraph17_with_global_hints(self, tmp_path: Path) -> None:
        published: Any = randomize(PublishedGlobalHints(WIDTH))
        model = converted("siggraph17_global", published.state_dict(), tmp_path)
        palette = torch.tensor([[[0.3, 0.4, 0.5], [-0.2, 0.1, 0.25]]])
        for one in (palette, None):
            histogram, saturation = (part.flatten(1) for part in palette_statistics(one, luminance()))
            expected = published.color(100 * luminance(), histogram, saturation)
            got = model(luminance(), palette=one).chroma
            torch.testing.assert_close(got, expected / 110, atol=1e-5, rtol=0)

    @torch.no_grad()
    def test_of_eccv16(self, tmp_path: Path) -> None:
        published = randomize(PublishedEccv16(WIDTH))
        model = converted("eccv16", published.state_dict(), tmp_path)
        expected = published(100 * luminance())
        torch.testing.assert_close(model(luminance()).chroma, expected / 110, atol=1e-5, rtol=0)


class TestFiles:
    """Whatever the same weights are wrapped in."""

    WRAPPINGS: dict[str, Callable[[Published], Any]] = {  # noqa: RUF012
        "plain": dict,
        "ordered": OrderedDict,
        "parallel": lambda weights: {f"module.{name}": value for name, value in weights.items()},
        "training": lambda weights: {
            "epoch": 7,
            "state_dict": {f"module.{name}": value for name, value in weights.items()},
            "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 0.1}]},
        },
        "model": lambda weights: {"model": weights},
        "with counters": lambda weights: weights | {"epoch": 7, "config": {"width": 4}, "note": "hello"},
        "old": lambda weights: {name: value for name, value in weights.items() if "num_batches" not in name},
        "half": lambda weights: {name: value.half() for name, value in weights.items()},
    }

    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    def test_of_pytorch(self, weights: Published, tmp_path: Path, wrapping: str) -> None:
        model = converted("siggraph17", self.WRAPPINGS[wrapping](weights), tmp_path)
        rounded = weights["model9.1.weight"].half().float() if wrapping == "half" else weights["model9.1.weight"]
        assert torch.equal(model.network.conv9[1].weight, rounded)

    def assert_converted(self, weights: Published, file: Path, folder: Path) -> None:
        convert("siggraph17", [file], folder)
        assert torch.equal(load_model(folder).state_dict()["network.up8.weight"], weights["model8up.0.weight"])

    def test_of_pytorch_before_it_zipped_them(self, weights: Published, tmp_path: Path) -> None:
        torch.save(weights, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
        self.assert_converted(weights, tmp_path / "old.pth", tmp_path / "checkpoint")

    def test_of_safetensors(self, weights: Published, tmp_path: Path) -> None:
        save_file(weights, tmp_path / "published.safetensors")
        self.assert_converted(weights, tmp_path / "published.safetensors", tmp_path / "checkpoint")


class TestSettings:
    def test_norms_without_weights_of_their_own_tell_that_masks_are_not_centred(self, tmp_path: Path) -> None:
        from_caffe = randomize(PublishedSiggraph17(WIDTH), affine_norms=False).state_dict()
        assert converted("siggraph17", from_caffe, tmp_path).config.mask_center == 0

    def test_otherwise_they_are(self, weights: Published, tmp_path: Path) -> None:
        model = converted("siggraph17", weights, tmp_path)
        assert (model.config.mask_center, model.config.tanh_scale, model.config.width) == (0.5, 110, WIDTH)

    def test_the_class_head_may_be_missing_as_a_whole(self, weights: Published, tmp_path: Path) -> None:
        headless = {name: value for name, value in weights.items() if not name.startswith("model_class")}
        assert not converted("siggraph17", headless, tmp_path).config.class_head

    @pytest.mark.parametrize(
        ("name", "settings", "message"),
        [
            ("eccv16", {"mask_center": 0}, "eccv16 has no mask_center to set; leave it out"),
            ("siggraph17", {"mask_center": 0.2}, "no siggraph17 is like that: mask_center must be 0 or 0.5, got 0.2"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, tmp_path: Path, name: str, settings: Any, message: str) -> None:
        published = PublishedEccv16(WIDTH) if name == "eccv16" else PublishedSiggraph17(WIDTH)
        with pytest.raises(CheckpointError, match=message):
            converted(name, published.state_dict(), tmp_path, settings=settings)
        assert not (tmp_path / "checkpoint").exists()


class TestCheckpoint:
    def test_is_what_a_pipeline_takes(self, weights: Published, tmp_path: Path) -> None:
        converted("siggraph17", weights, tmp_path)
        pipe = ColorizationPipeline.from_pretrained(tmp_path / "checkpoint", device="cpu")
        assert pipe(luminance()[0, 0].numpy(), size=32).pixels.shape == (64, 96, 3)
        assert pipe.image_processor.size_multiple == 8

    def test_says_where_it_is_from(self, weights: Published, tmp_path: Path) -> None:
        converted("siggraph17", weights, tmp_path)
        manifest = json.loads((tmp_path / "checkpoint" / "manifest.json").read_text())
        original = hashlib.sha256((tmp_path / "published.pth").read_bytes()).hexdigest()
        assert manifest["originals"] == [{"file": "published.pth", "sha256": original}]
        written = hashlib.sha256((tmp_path / "checkpoint" / "model.safetensors").read_bytes()).hexdigest()
        assert (manifest["sha256"], manifest["license"]) == (written, "bsd-2-clause")
        assert "richzhang" in manifest["source"]

    def test_goes_into_an_empty_folder_and_into_no_other(self, weights: Published, tmp_path: Path) -> None:
        (tmp_path / "checkpoint").mkdir()
        converted("siggraph17", weights, tmp_path)
        with pytest.raises(CheckpointError, match="checkpoint is there already; give a folder that is new or empty"):
            converted("siggraph17", weights, tmp_path)


class Malicious:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("run-by-a-pickle",))


class TestRefusals:
    @pytest.fixture(autouse=True)
    def at_home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def refused(self, content: bytes | Any, message: str, *, name: str = "siggraph17", file: str = "bad.pth") -> None:
        path = Path(file)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            torch.save(content, path)
        before = set(Path().iterdir())
        with pytest.raises(CheckpointError, match=message) as caught:
            convert(name, [path], "checkpoint")
        assert str(caught.value).startswith(file)
        assert "\n" not in str(caught.value)
        assert set(Path().iterdir()) == before

    def test_of_code(self, weights: Published) -> None:
        never = r"holds more than weights \(%s\), and code in a file is never run; give a file of the network's state_"
        self.refused({"state_dict": weights, "extra": Malicious()}, never % "posix.mkdir")
        self.refused(pickle.dumps(Malicious(), protocol=2), never % "posix.mkdir")
        self.refused(PublishedSiggraph17(WIDTH), never % "tests.published_layouts.PublishedSiggraph17")
        self.refused(pickle.dumps(Malicious()), "is damaged or no file of PyTorch")

    def test_of_damage(self, weights: Published) -> None:
        torch.save(weights, "whole.pth")
        whole = Path("whole.pth").read_bytes()
        save_file(weights, "whole.safetensors")
        for damaged in (whole[: len(whole) // 2], whole[:100], b"", b"<html>404</html>"):
            self.refused(damaged, "is damaged or no file of PyTorch; fetch it again")
        self.refused(Path("whole.safetensors").read_bytes()[:-9], "is damaged", file="bad.safetensors")

    def test_of_what_holds_no_weights(self) -> None:
        for content in ({}, [1, 2], {"epoch": 7}, torch.zeros(3), {"model": {"optimizer": {}}}):
            self.refused(content, "bad.pth holds no weights; give the file of a network's state_dict")

    @pytest.mark.parametrize("key", ["model3short8.0.weight", "model5.6.running_var", "model_class.0.bias"])
    def test_of_a_missing_weight(self, weights: Published, key: str) -> None:
        del weights[key]
        self.refused(weights, rf"lacks 1 of the \d+ weights of siggraph17, such as {key}; it is incomplete or of an")

    @pytest.mark.parametrize("key", ["model1.9.weight", "discriminator.0.weight"])
    def test_of_a_superfluous_weight(self, weights: Published, key: str) -> None:
        self.refused(weights | {key: torch.zeros(1)}, f"has weights {key}, which no siggraph17 has; it is of another")

    def test_of_another_shape(self, weights: Published) -> None:
        weights["model6.2.weight"] = weights["model6.2.weight"][:-1]
        self.refused(weights, r"has model6.2.weight of shape \(31, 32, 3, 3\) where siggraph17 has \(32, 32, 3, 3\)")

    def test_of_another_network(self, weights: Published) -> None:
        self.refused(PublishedEccv16(WIDTH).state_dict(), "has weights model_out.weight", name="siggraph17")
        self.refused(weights, "has weights model", name="eccv16")
        self.refused(weights, "lacks .* such as glob_conv1.weight", name="siggraph17_global")
        self.refused({"features.0.weight": torch.zeros(3)}, "has weights features.0.weight, which no siggraph17 has")

    def test_of_a_file_that_is_not_there(self) -> None:
        with pytest.raises(CheckpointError, match=r"there is no file none.pth; give one with weights"):
            convert("siggraph17", ["none.pth"], "checkpoint")

    def test_of_another_number_of_files(self) -> None:
        with pytest.raises(CheckpointError, match=r"the weights of eccv16 are in 1 file \(WEIGHTS\), got 2"):
            convert("eccv16", ["a.pth", "b.pth"], "checkpoint")

    def test_of_a_system_that_nobody_knows(self) -> None:
        with pytest.raises(
            CheckpointError, match=f"there is no system deoldify to convert; there are {', '.join(SYSTEMS)}"
        ):
            convert("deoldify", ["a.pth"], "checkpoint")


class TestCommand:
    def test_converts_and_says_what_it_found(self, weights: Published, tmp_path: Path) -> None:
        torch.save(weights, tmp_path / "published.pth")
        arguments = ["convert", "siggraph17", str(tmp_path / "published.pth"), "--output", str(tmp_path / "checkpoint")]
        run = CliRunner().invoke(app, arguments)
        assert (run.exit_code, run.stdout.strip()) == (0, str(tmp_path / "checkpoint"))
        assert "mask_center is 0.5" in run.stderr
        assert load_model(tmp_path / "checkpoint").config.mask_center == 0.5

    def test_takes_the_centre(self, weights: Published, tmp_path: Path) -> None:
        torch.save(weights, tmp_path / "published.pth")
        arguments = ["convert", "siggraph17", str(tmp_path / "published.pth"), "--output", str(tmp_path / "checkpoint")]
        run = CliRunner().invoke(app, [*arguments, "--mask-center", "0"])
        assert (run.exit_code, run.stderr) == (0, "")
        assert load_model(tmp_path / "checkpoint").config.mask_center == 0

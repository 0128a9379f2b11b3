"""Every engine gives the same picture, and graphs run where torch is not."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import onnx
import pytest
from PIL import Image
from typer.testing import CliRunner

from colorizer_hf import CheckpointError, Colorizer, ColorizerError, EditSession, Hint, Palette
from colorizer_hf.bundled import CHECKPOINTS, DEFAULT_CHECKPOINT, NIR_CHECKPOINT
from colorizer_hf.cli import app
from colorizer_hf.color import rgb_to_hex
from colorizer_hf.engines.choice import graphs_for
from colorizer_hf.engines.exporting import IN_INT8, export_checkpoint
from colorizer_hf.engines.graphs import GraphEngine
from colorizer_hf.engines.manifest import MANIFEST, find_graphs
from colorizer_hf.engines.runtimes import RUNTIMES, Runtime
from colorizer_hf.hub.publishing import save_checkpoint
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.imaging import eight_bit, read
from colorizer_hf.models.unet import UNetConfig, UNetModel
from tests.webui.servers import environment, gatekeeper

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "colorizer_hf" / "webui" / "examples"
REACHES = ("object", "alike", "spot")


@pytest.fixture(scope="module", params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return request.param


def gray(height: int, width: int) -> np.ndarray:
    """A photograph with black, white and flat areas."""
    with Image.open(EXAMPLES / "coffee_cup.jpg") as picture:
        pixels = np.array(picture.convert("L").resize((width, height)))
    pixels[: height // 4, : width // 4] = 0
    pixels[-height // 4 :, -width // 4 :] = 255
    pixels[: height // 4, -width // 4 :] = 140
    return pixels


def with_alpha(pixels: np.ndarray) -> np.ndarray:
    alpha = np.linspace(0, 255, pixels.size).reshape(pixels.shape).astype(np.uint8)
    return np.dstack([pixels, pixels, pixels, alpha])


def hints(count: int, size: tuple[int, int]) -> list[Hint]:
    """Dabs of all kinds all over a photo, whose colours change from left to right and from top to bottom."""
    random = np.random.default_rng(count)
    width, height = size

    def hint(k: int, x: float, y: float) -> Hint:
        color = rgb_to_hex([200 - 120 * x, 110, 80 + 100 * y])
        place = x * (width - 1), y * (height - 1)
        return Hint(*place, None if k % 7 == 6 else color, reach=REACHES[k % 3])

    return [hint(k, *random.uniform(0, 1, 2).tolist()) for k in range(count)]


PHOTOS = {
    "gray": gray(300, 420),
    "colour": np.dstack([gray(210, 333), gray(210, 333) // 2, gray(210, 333) // 3]),
    "16 bits": gray(301, 203).astype(np.uint16) * 257 + 11,
    "alpha": with_alpha(gray(97, 331)),
    "tiny": gray(5, 3),
}


def assert_same_picture(one: np.ndarray, other: np.ndarray) -> None:
    """Dithered colours, those of 8 bits, are farther off at single pixels: from one step of lively ones to the next."""
    difference = np.abs(eight_bit(one).astype(int) - eight_bit(other))
    assert (difference > 6).mean() < (1e-4 if one.dtype == np.uint8 else 1e-9)
    assert difference.mean() < 0.1


@pytest.fixture(scope="module")
def by_torch() -> Colorizer:
    return Colorizer.from_pretrained(engine="torch")


@pytest.fixture(scope="module")
def by_graphs(graphs: Path, runtime: Runtime) -> Colorizer:
    return Colorizer(GraphEngine(graphs, runtime))


class TestSamePicture:
    @pytest.mark.parametrize("name", PHOTOS)
    @pytest.mark.parametrize("count", [0, 1, 20])
    def test_of_every_kind_of_photograph(
        self, by_torch: Colorizer, by_graphs: Colorizer, name: str, count: int
    ) -> None:
        photo = read(PHOTOS[name])
        one, other = (colorizer(photo, hints=hints(count, photo.size)) for colorizer in (by_torch, by_graphs))
        assert one.notes == other.notes
        assert_same_picture(one.pixels, other.pixels)

    @pytest.mark.parametrize("name", ["gray", "16 bits"])
    def test_with_hundreds_of_hints(self, by_torch: Colorizer, by_graphs: Colorizer, name: str) -> None:
        photo = read(PHOTOS[name])
        known = hints(300, photo.size)
        one, other = (colorizer(photo, hints=known) for colorizer in (by_torch, by_graphs))
        assert_same_picture(one.pixels, other.pixels)
        assert 110 * np.abs(one.chroma - other.chroma).max() < 0.1

    @pytest.mark.parametrize("vividness", [0.0, 1.0])
    def test_with_a_palette(self, by_torch: Colorizer, by_graphs: Colorizer, vividness: float) -> None:
        colors = Palette.of_colors(["#a04020", "#204080"])
        one, other = (each(PHOTOS["gray"], palette=colors, vividness=vividness) for each in (by_torch, by_graphs))
        assert_same_picture(one.pixels, other.pixels)

    def test_as_the_pipeline_gives_it(self, by_graphs: Colorizer) -> None:
        from colorizer_hf import ColorizationPipeline

        known = hints(3, (420, 300))
        expected = ColorizationPipeline.from_pretrained(device="cpu")(PHOTOS["gray"], hints=known)
        assert_same_picture(expected.pixels, by_graphs(PHOTOS["gray"], hints=known).pixels)

    def test_of_edits_in_any_order(self, by_graphs: Colorizer) -> None:
        session = EditSession(by_graphs, PHOTOS["gray"])
        known = hints(5, session.photo.size)
        first = session.update(known).pixels
        session.update(vividness=0.0)
        session.update(known[:2])
        assert np.array_equal(session.update(known).pixels, first)

    def test_of_photos_in_several_threads(self, graphs: Path, runtime: Runtime) -> None:
        """As a server has them: one engine, whose graphs nobody has loaded yet."""
        photos = [gray(200, width) for width in (260, 300, 340, 380)]
        alone, shared = (Colorizer(GraphEngine(graphs, runtime)) for _ in range(2))
        known = hints(3, (200, 200))
        expected = [alone(photo, hints=known).pixels for photo in photos]
        start = Barrier(len(photos))

        def colorize(photo: np.ndarray) -> list[np.ndarray]:
            start.wait()
            return [shared(photo, hints=known).pixels for _ in range(5)]

        with ThreadPoolExecutor(len(photos)) as threads:
            for pictures, picture in zip(threads.map(colorize, photos), expected, strict=True):
                assert all(np.array_equal(each, picture) for each in pictures)

    def test_has_the_same_suggestions(self, by_torch: Colorizer, by_graphs: Colorizer) -> None:
        one, other = (each(PHOTOS["gray"]).suggestions(200, 150) for each in (by_torch, by_graphs))
        assert [each.share for each in one] == pytest.approx([each.share for each in other], abs=0.01)

    @pytest.mark.slow
    @pytest.mark.parametrize("contrast", [None, (0.1, 0.7)], ids=["its own contrast", "a common contrast"])
    def test_of_a_near_infrared_frame(
        self, nir_graphs: Path, runtime: Runtime, contrast: tuple[float, float] | None
    ) -> None:
        by_torch = Colorizer.from_pretrained(NIR_CHECKPOINT, engine="torch")
        by_graphs = Colorizer(GraphEngine(nir_graphs, runtime))
        known = hints(2, (420, 300))
        one, other = (each(PHOTOS["gray"], hints=known, contrast=contrast) for each in (by_torch, by_graphs))
        assert_same_picture(one.pixels, other.pixels)
        assert not np.array_equal(other.luminance, PHOTOS["gray"])


class TestExport:
    def test_leaves_out_where_it_was_made(self, graphs: Path) -> None:
        for path in graphs.iterdir():
            content = path.read_bytes()
            assert str(ROOT).encode() not in content
            assert b"site-packages" not in content
            assert b".py" not in content

    def test_stores_weights_in_half_precision(self, graphs: Path) -> None:
        encode = graphs / "encode.onnx"
        weights = onnx.load(encode).graph.initializer
        assert sum(np.prod(one.dims) for one in weights if one.data_type == onnx.TensorProto.FLOAT16) > 4e6
        assert sum(file.stat().st_size for file in encode.parent.iterdir()) < 11e6

    def test_merges_batch_norms_into_the_convolutions_before_them(self, graphs: Path) -> None:
        nodes = onnx.load(graphs / "encode.onnx").graph.node
        convolved = {node.output[0] for node in nodes if node.op_type == "Conv"}
        assert [node for node in nodes if node.op_type == "BatchNormalization" and node.input[0] in convolved] == []

    def test_of_a_network_without_hints(self, tmp_path: Path, runtime: Runtime) -> None:
        model = UNetModel(UNetConfig(width=4, depth=2)).eval()
        save_checkpoint(model, ColorizerImageProcessor(working_size=64, size_multiple=4), tmp_path / "unet")
        export_checkpoint(tmp_path / "unet", tmp_path / "unet" / "onnx")
        by_torch, by_graphs = (Colorizer.from_pretrained(tmp_path / "unet", engine=e) for e in ("torch", runtime))
        assert_same_picture(by_torch(PHOTOS["gray"]).pixels, by_graphs(PHOTOS["gray"]).pixels)

    def test_stores_weights_in_8_bits_on_request_for_colours_that_are_near(self, tmp_path: Path) -> None:
        model = UNetModel(UNetConfig(width=16, depth=2)).eval()
        save_checkpoint(model, ColorizerImageProcessor(working_size=64, size_multiple=4), tmp_path / "unet")
        for name, options in (("half", []), ("int8", ["--int8"])):
            command = ["export", str(tmp_path / "unet"), "--output", str(tmp_path / name), *options]
            assert CliRunner().invoke(app, command).exit_code == 0
        half, int8 = ((tmp_path / name / "encode.onnx").stat().st_size for name in ("half", "int8"))
        assert int8 < 0.7 * half
        by_torch = Colorizer.from_pretrained(tmp_path / "unet", engine="torch")(PHOTOS["gray"]).chroma
        for runtime in RUNTIMES:
            by_graphs = Colorizer(GraphEngine(tmp_path / "int8", runtime))(PHOTOS["gray"]).chroma
            assert 0 < np.abs(by_torch - by_graphs).mean() < IN_INT8.mean

    def test_refuses_what_gives_other_colours_than_torch(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        model = UNetModel(UNetConfig(width=16, depth=2)).eval()
        save_checkpoint(model, ColorizerImageProcessor(working_size=64, size_multiple=4), tmp_path / "unet")
        monkeypatch.setattr("colorizer_hf.engines.exporting.IN_INT8", IN_INT8._replace(mean=0.0))
        with pytest.raises(CheckpointError, match="give other colours than torch: off by"):
            export_checkpoint(tmp_path / "unet", tmp_path / "graphs", int8=True)
        assert not (tmp_path / "graphs").exists()

    def test_refuses_a_folder_that_is_taken(self, tmp_path: Path) -> None:
        (tmp_path / "kept.txt").write_text("mine")
        with pytest.raises(CheckpointError, match="is there already; give a folder that is new or empty"):
            export_checkpoint(DEFAULT_CHECKPOINT, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


class TestChoice:
    def test_other_weights_have_no_graphs(self, graphs: Path, tmp_path: Path) -> None:
        for file in (CHECKPOINTS / NIR_CHECKPOINT).iterdir():
            if file.is_file():
                (tmp_path / file.name).write_bytes(file.read_bytes())
        (tmp_path / "onnx").symlink_to(graphs)
        assert find_graphs(tmp_path) is None
        with pytest.raises(CheckpointError, match="has no graphs of its weights for the engine onnx; make them with"):
            graphs_for(tmp_path, "onnx")
        assert graphs_for(tmp_path, "auto") is None

    def test_an_unknown_engine_is_refused(self) -> None:
        with pytest.raises(ValueError, match="engine must be auto, torch, onnx or openvino, got 'tensorrt'"):
            graphs_for(DEFAULT_CHECKPOINT, "tensorrt")

    def test_a_graph_that_is_missing_is_named(self, graphs: Path, tmp_path: Path) -> None:
        (tmp_path / MANIFEST).write_bytes((graphs / MANIFEST).read_bytes())
        with pytest.raises(CheckpointError, match=r"has no encode\.onnx; export the checkpoint again"):
            GraphEngine(tmp_path)

    def test_a_runtime_that_is_not_installed_is_named(self, graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "openvino", None)
        sentence = r"needs openvino, which is not installed: pip install 'colorizer_hf\[openvino\]'"
        with pytest.raises(ColorizerError, match=sentence):
            GraphEngine(graphs, "openvino")

    def test_a_process_that_lets_go_of_engines_still_takes_signals(self, graphs: Path, runtime: Runtime) -> None:
        code = """
import faulthandler, gc, signal, sys
from pathlib import Path
from colorizer_hf.engines.graphs import GraphEngine
faulthandler.enable()
signal.signal(signal.SIGUSR1, lambda *_: print("taken"))
engines = [GraphEngine(Path(sys.argv[1]), sys.argv[2]) for _ in range(2)]
while engines:
    del engines[0]
    gc.collect()
signal.raise_signal(signal.SIGUSR1)
"""
        run = subprocess.run([sys.executable, "-c", code, graphs, runtime], capture_output=True, text=True)
        assert (run.returncode, run.stdout) == (0, "taken\n")


class TestPrivacy:
    def test_nobody_is_told_that_an_engine_is_used(self, graphs: Path, runtime: Runtime, tmp_path: Path) -> None:
        """Runtimes would do so by themselves; one leaves a file even where it reaches nobody."""
        code = """
import sys
from pathlib import Path
import numpy as np
from colorizer_hf import Colorizer
from colorizer_hf.engines.graphs import GraphEngine
Colorizer(GraphEngine(Path(sys.argv[1]), sys.argv[2]))(np.zeros((9, 9), np.uint8))
"""
        asked: list[str] = []
        with gatekeeper(asked) as proxy:
            surroundings = environment(tmp_path, proxy) | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
            subprocess.run([sys.executable, "-c", code, graphs, runtime], env=surroundings, check=True)
        assert asked == []
        assert list(tmp_path.iterdir()) == []


class TestCommand:
    def test_says_what_goes_with_torch_alone(self, tmp_path: Path) -> None:
        Image.fromarray(PHOTOS["tiny"]).save(tmp_path / "one.png")
        options = ["--engine", "onnx", "--samples", "2", "-o", str(tmp_path / "out")]
        result = CliRunner().invoke(app, ["colorize", str(tmp_path / "one.png"), *options])
        assert result.exit_code == 2
        assert "--samples needs the engine torch, not onnx" in result.stderr

"""What a page without a server calculates in JavaScript is what Python calculates."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from colorizer_hf import ColorizationResult, Colorizer, Palette
from colorizer_hf.chroma_upsampling import ChromaUpsampler
from colorizer_hf.color import codes_to_srgb, lab_to_rgb, lightness_table, luminance_codes, rgb_to_lab
from colorizer_hf.color_names import color_name
from colorizer_hf.engines.graphs import GraphEngine
from colorizer_hf.errors import HintError
from colorizer_hf.hints import hints_from_json, hints_to_arrays, hints_to_json, hints_to_strokes, strokes_to_hints
from colorizer_hf.imaging import Photo, read
from colorizer_hf.models.cells import Blocks, cell_points, sampling_weights
from colorizer_hf.models.discriminant import Discriminant
from colorizer_hf.models.geodesic import Steps, geodesic_distances
from colorizer_hf.models.thing_limits import hint_limits
from colorizer_hf.network_input import input_size, resized_luminance
from colorizer_hf.resampling import Sampling, resized, window_means
from colorizer_hf.session import EditSession
from colorizer_hf.webui.alternatives import alternatives
from colorizer_hf.webui.palettes import parse_palette, read_reference
from colorizer_hf.webui.pictures import View, original
from tests.webui.conftest import unavailable
from tests.webui.node import CALCULATED, TAB, Calculator, JavaScriptError, calculator, find_node, find_npm
from tests.webui.servers import ROOT

EXAMPLES = ROOT / "colorizer_hf" / "webui" / "examples"
REACHES = ("object", "alike", "spot")
SIZES = [(300, 420), (97, 331), (5, 3)]


@pytest.fixture(scope="module")
def calculate() -> Iterator[Calculator]:
    node, npm = find_node(), find_npm()
    if node is None:
        unavailable("there is no Node; install Node 20 or newer")
    if npm is None:
        unavailable("there is no onnxruntime-web: make test, with npm")
    with calculator(node, npm) as calculate:
        yield calculate


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def picture(name: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """An example photograph as RGB."""
    with Image.open(EXAMPLES / f"{name}.jpg") as image:
        return np.array(image.convert("RGB").resize(size) if size else image.convert("RGB"))


def gray(height: int, width: int) -> np.ndarray:
    """A photograph with black, white and flat areas."""
    pixels = picture("coffee_cup", (width, height))[..., 1].copy()
    pixels[: height // 4, : width // 4] = 0
    pixels[-height // 4 :, -width // 4 :] = 255
    pixels[: height // 4, -width // 4 :] = 140
    return pixels


def tinted(name: str) -> np.ndarray:
    """An example photograph with made-up colours."""
    codes = picture(name)[..., 1].astype(float)
    height, width = codes.shape
    across, down = np.meshgrid(np.linspace(0, 9, width), np.linspace(0, 7, height))
    tints = np.stack([np.sin(across), np.sin(down), np.cos(across + down)], axis=2)
    return (codes[..., None] * (1 + 0.3 * tints)).clip(0, 255).astype(np.uint8)


def rgba(pixels: np.ndarray, alpha: int | np.ndarray = 255) -> np.ndarray:
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return np.dstack([pixels[..., :3], np.broadcast_to(alpha, pixels.shape[:2]).astype(np.uint8)])


def size_of(pixels: np.ndarray) -> dict[str, int]:
    return {"width": pixels.shape[1], "height": pixels.shape[0]}


def maps(array: np.ndarray) -> dict[str, Any]:
    """Maps (C, h, w) as resampling.js has them."""
    channels, height, width = array.shape
    return {"data": array.astype(np.float32), "channels": channels, "height": height, "width": width}


def shaped(found: dict[str, Any]) -> np.ndarray:
    """The reverse of `maps`."""
    return found["data"].reshape(found["channels"], found["height"], found["width"])


def pixels_of(found: dict[str, Any]) -> np.ndarray:
    return found["data"].reshape(found["height"], found["width"], -1)


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    error = np.square(one.astype(float) - other).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def documented_order() -> list[str]:
    """The modules as docs/architecture.md lists them, from the ground up."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text.partition("the rest is equal up to rounding.\n\n")[2].partition("\n\n")[0]
    return [name for line in table.splitlines() for name in re.split("  +", line.strip())[0].split(", ")]


def test_each_module_uses_only_those_that_are_documented_above_it_and_no_page() -> None:
    order = documented_order()
    assert sorted(order) == sorted(CALCULATED)
    for name in order:
        text = (TAB / f"{name}.js").read_text("utf-8")
        assert set(re.findall(r'from "\./(\w+)\.js"', text)) <= set(order[: order.index(name)]), name
        assert not re.search(r"\b(document|window|self|navigator)\.", text), name


class TestShrinking:
    @pytest.mark.parametrize("size", [(210, 150), (97, 61), (64, 300), (419, 299), (420, 17), (31, 300), (3, 2)])
    @pytest.mark.parametrize("name", ["bilinear", "hamming"])
    def test_gives_the_bytes_that_pillow_gives(self, calculate: Calculator, name: str, size: tuple[int, int]) -> None:
        codes = random().integers(0, 256, (300, 420)).astype(np.uint8)
        codes[40:90, 70:200] = gray(50, 130)
        image = Image.fromarray(codes)
        expected = np.asarray(image.resize(size, Image.Resampling[name.upper()], reducing_gap=2.0))
        found = calculate(
            "shrunk({ data, width, height }, ...to, filter)", data=codes, **size_of(codes), to=size, filter=name
        )
        assert np.array_equal(pixels_of(found)[..., 0], expected)

    def test_of_colours_too(self, calculate: Calculator) -> None:
        photo = tinted("astronaut")
        expected = np.asarray(Image.fromarray(photo).resize((101, 77), Image.Resampling.BOX))
        script = "shrunk({ data, width, height, channels: 3 }, 101, 77, 'box', { blocks: false })"
        assert np.array_equal(pixels_of(calculate(script, data=photo, **size_of(photo))), expected)


class TestResampling:
    @pytest.mark.parametrize("mode", ["area", "bilinear", "bicubic"])
    @pytest.mark.parametrize("size", [(7, 90), (40, 30), (83, 16), (20, 33)])
    def test_is_that_of_python(self, calculate: Calculator, mode: Sampling, size: tuple[int, int]) -> None:
        given = random().normal(size=(3, 20, 33)).astype(np.float32)
        found = calculate("resized(maps, ...size, mode)", maps=maps(given), size=size, mode=mode)
        assert shaped(found) == pytest.approx(resized(given[None], size, mode)[0], abs=1e-5)

    def test_means_over_windows_too(self, calculate: Calculator) -> None:
        given = random().normal(size=(2, 11, 17)).astype(np.float32)
        found = calculate("windowMeans(maps, 9)", maps=maps(given))
        assert shaped(found) == pytest.approx(window_means(given[None], 9)[0], abs=1e-5)


class TestColor:
    def test_luminance_codes_are_equal(self, calculate: Calculator) -> None:
        photo = random().integers(0, 256, (200, 300, 3)).astype(np.uint8)
        photo[:50] = tinted("astronaut")[:50, :300]
        found = calculate("luminanceCodes(packed(data))", data=rgba(photo))
        assert np.array_equal(found, luminance_codes(photo).ravel())

    def test_a_gray_pixel_keeps_its_value(self, calculate: Calculator) -> None:
        codes = np.arange(256, dtype=np.uint8)[None]
        assert np.array_equal(calculate("luminanceCodes(packed(data))", data=rgba(codes)), codes[0])

    def test_lab_is_that_of_python_and_leads_back(self, calculate: Calculator) -> None:
        colors = random().integers(0, 256, (200, 3))
        luminance, chroma = rgb_to_lab(colors.T.reshape(1, 3, 1, -1) / 255)
        expected = np.concatenate([luminance[0, :, 0], chroma[0, :, 0]]).T
        lab = calculate("colors.map((color) => labOf(...color))", colors=colors.tolist())
        assert np.array(lab) == pytest.approx(expected, abs=1e-5)
        rgb = calculate("lab.map((each) => rgbOf(...each))", lab=lab)
        assert np.array(rgb) == pytest.approx(colors, abs=0.1)

    def test_what_is_outside_the_gamut_loses_chroma_as_in_python(self, calculate: Calculator) -> None:
        lab = np.hstack([random().uniform(0, 1, (200, 1)), random(1).uniform(-1.2, 1.2, (200, 2))])
        found = calculate("lab.map((each) => rgbOf(...each))", lab=lab.tolist())
        expected = lab_to_rgb(lab[:, :1, None, None], lab[:, 1:, None, None])[..., 0, 0]
        assert np.array(found) == pytest.approx(255 * expected, abs=0.2)

    def test_codes_get_the_same_colours(self, calculate: Calculator) -> None:
        codes = random().integers(0, 256, (8, 5000)).astype(np.uint8)
        chroma = random(1).normal(0, 0.3, (2, 8, 5000)).astype(np.float32)
        rows = calculate(
            """rows.map(([codes, a, b], y) => {
                const pixels = new Uint32Array(codes.length);
                colorRow(codes, a, b, y, pixels);
                return new Uint8Array(pixels.buffer);
            })""",
            rows=[[codes[y], chroma[0, y], chroma[1, y]] for y in range(8)],
        )
        found = np.stack(rows).reshape(8, 5000, 4)
        difference = np.abs(found[..., :3].astype(int) - codes_to_srgb(codes, chroma))
        assert (difference > 0).mean() < 0.002  # digits that float32 has not may lead to the next point of the grid
        assert difference.max() <= 6
        assert (found[..., 3] == 255).all()

    def test_without_chroma_a_code_is_its_gray(self, calculate: Calculator) -> None:
        script = "(colorRow(codes, zero, zero, 1, state.pixels = new Uint32Array(256)), state.pixels)"
        found = calculate(script, codes=np.arange(256, dtype=np.uint8), zero=np.zeros(256, np.float32))
        assert np.array_equal(found.view(np.uint8).reshape(256, 4)[:, :3], np.arange(256)[:, None].repeat(3, 1))


class TestUpsampling:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("detail", [0.0, 1.3])
    def test_rows_are_those_of_python(self, calculate: Calculator, size: tuple[int, int], detail: float) -> None:
        codes, channels = gray(*size), 1 if detail else 2
        chroma = random().normal(0, 0.2, (channels, 64, 88)).astype(np.float32)
        chroma = resized(resized(chroma[None], (12, 17), "area"), (64, 88), "bicubic")[0]
        expected = ChromaUpsampler(chroma, codes, detail=detail).rows(0, size[0])
        script = """(() => {
            const upsampler = new Upsampler(maps, { data, width, height }, detail);
            return Array.from({ length: height }, (_, y) => upsampler.row(y).map((row) => row.slice()));
        })()"""
        found = np.array(calculate(script, maps=maps(chroma), data=codes, **size_of(codes), detail=detail))
        assert found.swapaxes(0, 1) == pytest.approx(expected, abs=1e-3)


def stroke(seed: int, corners: int, *, color: str | None = "#b03A2e", reach: str = "object") -> dict[str, Any]:
    points = random(seed).uniform(-0.05, 1.05, (corners, 2)).tolist()
    return {"color": color, "radius": 0.004 * (seed % 9), "points": points, "reach": reach}


def strokes(count: int, corners: int) -> list[dict[str, Any]]:
    colors = ["#b03A2e", "#2e5ab0", None]
    return [
        stroke(seed, 1 + seed % corners, color=colors[seed % 3], reach=REACHES[seed % 2 + seed % 3 // 2])
        for seed in range(count)
    ]


class TestHints:
    @pytest.mark.parametrize(("count", "corners"), [(0, 1), (1, 1), (20, 1), (12, 6), (4, 300), (500, 2)])
    def test_of_strokes_are_those_of_python(self, calculate: Calculator, count: int, corners: int) -> None:
        size = {"width": 640, "height": 411}
        painted = strokes(count, corners)
        found = calculate("strokesToHints(strokes, size)", strokes=painted, size=size)
        expected = strokes_to_hints(painted, (640, 411))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert (one["color"], one["reach"]) == (other.color, other.reach)
            assert (one["x"], one["y"], one["radius"]) == pytest.approx((other.x, other.y, other.radius))

    def test_as_numbers_are_those_of_python(self, calculate: Calculator) -> None:
        painted = strokes(20, 1)
        expected = hints_to_arrays(strokes_to_hints(painted, (640, 411)), (640, 411))
        script = "hintsToArrays(strokesToHints(strokes, size), size)"
        found = calculate(script, strokes=painted, size={"width": 640, "height": 411})
        assert np.array_equal(found["points"], expected.points.ravel())
        assert np.array_equal(found["radius"], expected.radius)
        assert np.array_equal(found["keep"], expected.keep)
        assert found["chroma"] == pytest.approx(expected.chroma.ravel(), abs=1e-5)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"color": "red"}, "colour must be #rrggbb"),
            ({"reach": "all"}, "reach of a hint must be"),
            ({"radius": 2}, "radius of a stroke must be 0 to 1"),
            ({"points": []}, "points of a stroke must be a list"),
            ({"points": [["a", 1]]}, "points of a stroke must be a list"),
            ({"points": [[0, 0]] * 20_001}, "20000 points together"),
        ],
    )
    def test_strokes_that_make_no_sense_are_refused(
        self, calculate: Calculator, wrong: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(JavaScriptError, match=said):
            calculate("strokesToHints(strokes, { width: 9, height: 9 })", strokes=[stroke(1, 1) | wrong])

    def test_a_file_of_hints_is_read_by_the_package_and_the_other_way_round(self, calculate: Calculator) -> None:
        painted, size = strokes(12, 3), {"width": 640, "height": 411}
        hints = strokes_to_hints(painted, (640, 411))
        text = calculate("hintsToJson(strokes, size)", strokes=painted, size=size)
        again = hints_from_json(text, (640, 411))
        places = [[(hint.x, hint.y) for hint in some] for some in (again, hints)]
        assert np.array(places[0]) == pytest.approx(np.array(places[1]))
        written = hints_to_json(hints, (640, 411))
        found = calculate("strokesOfJson(text, { width: 320, height: 205 })", text=written)
        expected = hints_to_strokes(hints_from_json(written, (320, 205)), (320, 205))
        for one, other in zip(found, expected, strict=True):
            assert one | {"points": 0, "radius": 0} == other | {"points": 0, "radius": 0}
            assert one["points"][0] == pytest.approx(other["points"][0])
            assert one["radius"] == pytest.approx(other["radius"])

    @pytest.mark.parametrize(
        "text", ["", "[]", '{"width": 9, "height": 9, "hints": [{"x": 20, "y": 1, "color": null}]}']
    )
    def test_a_file_without_hints_for_the_photo_is_refused(self, calculate: Calculator, text: str) -> None:
        with pytest.raises(JavaScriptError, match="This file has no hints for the photo"):
            calculate("strokesOfJson(text, { width: 9, height: 9 })", text=text)
        with pytest.raises(HintError):
            hints_to_strokes(hints_from_json(text, (9, 9)), (9, 9))


class TestCells:
    @pytest.mark.parametrize("cells", [(64, 88), (8, 8), (256, 64)])
    def test_are_those_of_python(self, calculate: Calculator, cells: tuple[int, int]) -> None:
        h, w = cells
        size = [4 * h, 4 * w]
        points = random().uniform(-1, 1, (9, 2)).astype(np.float32)
        values = {"points": points, "h": h, "w": w, "size": size}
        assert calculate("cellPoints(h, w, size)", **values) == pytest.approx(cell_points(h, w, (4 * h, 4 * w)).ravel())
        expected = sampling_weights(points, h, w, (4 * h, 4 * w))
        assert calculate("samplingWeights(points, h, w, size)", **values) == pytest.approx(expected.ravel(), abs=1e-4)
        found = calculate("blocksOf(h, w)", **values)
        for name, matrix in Blocks.of_cells(h, w)._asdict().items():
            assert found[name]["dims"] == list(matrix.shape)
            assert found[name]["data"] == pytest.approx(matrix.ravel())


def features(seed: int, channels: int = 6, h: int = 23, w: int = 31) -> np.ndarray:
    """Things of several kinds, with some noise."""
    kinds = random(seed).normal(0, 1, (channels, 5))
    kind = random(seed).integers(0, 5, (4, 5)).repeat(6, axis=0)[:h].repeat(7, axis=1)[:, :w]
    return (kinds[:, kind] + random(seed).normal(0, 0.03, (channels, h, w))).astype(np.float32)


class TestThings:
    @pytest.mark.parametrize("seed", range(3))
    def test_distances_are_those_of_python(self, calculate: Calculator, seed: int) -> None:
        looks = features(seed)
        _, h, w = looks.shape
        start = np.full((h, w), np.inf, np.float32)
        start[2 + 5 * seed, 3:5] = 0
        script = "geodesicDistances(Steps.ofMap(looks, h, w, { free: 0.05, least: 0.02 }), start, 3.5)"
        found = calculate(script, looks=looks, h=h, w=w, start=(start == 0).astype(np.uint8))
        expected = geodesic_distances(Steps.of_map(looks, free=0.05, least=0.02), start, 3.5)
        assert found == pytest.approx(expected.ravel(), abs=1e-5)

    def test_paths_go_around_walls(self, calculate: Calculator) -> None:
        """A snail's shell: from the outside to its middle."""
        walls = np.zeros((1, 21, 21), np.float32)
        for ring in range(1, 10, 2):
            walls[0, ring, ring:-ring] = walls[0, -ring - 1, ring:-ring] = 9
            walls[0, ring:-ring, ring] = walls[0, ring:-ring, -ring - 1] = 9
            gap = (10, ring) if ring % 4 == 1 else (10, 20 - ring)
            walls[0, gap[0], gap[1]] = 0
        start = np.full((21, 21), np.inf, np.float32)
        start[0, 0] = 0
        script = "geodesicDistances(Steps.ofMap(walls, 21, 21, { free: 0, least: 0.1 }), start, 100)"
        found = calculate(script, walls=walls, start=(start == 0).astype(np.uint8))
        expected = geodesic_distances(Steps.of_map(walls, least=0.1), start, 100.0)
        assert found == pytest.approx(expected.ravel(), rel=1e-4)

    def test_a_part_is_told_from_the_rest_as_in_python(self, calculate: Calculator) -> None:
        looks = features(3)
        part = np.zeros(looks.shape[1:], bool)
        part[3:9, 4:15] = True
        script = "new Discriminant(looks, part.length, 1).scores(part)"
        found = calculate(script, looks=looks, part=part.astype(np.uint8))
        assert found == pytest.approx(Discriminant(looks, ridge=1.0).scores(part).ravel(), abs=1e-4)
        everything = np.ones_like(part)
        assert not calculate(script, looks=looks, part=everything.astype(np.uint8)).any()

    def test_reach_is_that_of_python(self, calculate: Calculator) -> None:
        looks, size = features(4, h=24, w=32), (96, 128)
        hints = hints_to_arrays(strokes_to_hints(strokes(12, 1), (640, 411)), (640, 411))
        on_object = hints.reach == REACHES_IN_ORDER.index("object")
        expected = hint_limits({}, hints.points, hints.radius, on_object, looks, size, 0.95)
        script = """(() => {
            const hints = hintsToArrays(strokesToHints(strokes, size), size);
            state.limits ??= new ThingLimits(looks, 24, 32, 0.95);
            return state.limits.of(hints);
        })()"""
        values = {"looks": looks, "strokes": strokes(12, 1), "size": {"width": 640, "height": 411}}
        for _ in range(2):  # measured, and remembered
            assert calculate(script, **values) == pytest.approx(expected.ravel(), abs=1e-4)


class TestPalettes:
    def test_of_a_photo_are_those_of_python(self, calculate: Calculator, tmp_path: Path) -> None:
        photo = tinted("astronaut")
        Image.fromarray(photo).save(tmp_path / "like.png")
        expected = read_reference(tmp_path / "like.png", tmp_path / "mine.png", upload="like")
        found = calculate("paletteOfPhoto({ data, width, height })", data=rgba(photo), **size_of(photo))
        assert np.array(found["chroma"]) == pytest.approx(np.array(expected["chroma"]), abs=0.11)
        assert found["shares"] == pytest.approx(expected["shares"], abs=2e-4)
        assert found["strength"] == expected["strength"]
        palette = parse_palette(expected)
        assert palette is not None
        array = calculate(
            "paletteArray(palette)", palette={name: expected[name] for name in ("chroma", "shares", "strength")}
        )
        assert array == pytest.approx(palette.as_array().ravel(), abs=1e-6)

    def test_a_gray_photo_has_none(self, calculate: Calculator) -> None:
        with pytest.raises(JavaScriptError, match="the photograph whose colours should be used has none; take another"):
            calculate("paletteOfPhoto({ data, width: 60, height: 40 })", data=rgba(gray(40, 60)))


class TestViews:
    @pytest.mark.parametrize("size", [(4000, 3000), (900, 700), (1000, 6000)])
    @pytest.mark.parametrize("zoom", [1.0, 1.6, 5.0])
    @pytest.mark.parametrize("fitted", [100, 801, 2400])
    def test_want_what_they_want_in_python(
        self, calculate: Calculator, size: tuple[int, int], zoom: float, fitted: int
    ) -> None:
        photo = Photo(np.zeros(size[::-1], np.uint8))
        words = {"fitted": fitted, "shown": round(fitted * zoom), "seen": [0.31, 0.2, 0.31 + 0.69 / zoom, 0.9]}
        view = View.parse(words)
        script = """(() => {
            const photo = { width, height, reduced: (longest) => {
                const scale = Math.min(longest / Math.max(width, height), 1);
                return { width: Math.max(1, rounded(width * scale)), height: Math.max(1, rounded(height * scale)) };
            } };
            return [longerSide(view, photo), needsPart(view, photo), partOf(view, photo)];
        })()"""
        longer, needs, part = calculate(script, view=words, width=size[0], height=size[1])
        expected = view.part(photo)
        assert (longer, needs) == (view.longer_side(photo), view.needs_part(photo))
        assert part["longest"] == expected.longer_side
        assert tuple(part["box"][edge] for edge in ("left", "top", "right", "bottom")) == expected.box
        assert part["shares"] == pytest.approx(expected.shares)


REACHES_IN_ORDER = ("alike", "object", "spot")


class Sessions:
    """Photographs opened here and there with the same graphs."""

    def __init__(self, calculate: Calculator, graphs: Path) -> None:
        self.calculate = calculate
        self.colorizer = Colorizer(GraphEngine(graphs))
        self._folder = f"{graphs}/"

    def open(self, pixels: np.ndarray) -> EditSession:
        """RGBA, or gray."""
        self.calculate(
            """(async () => {
                const address = pathToFileURL(folder);
                state.networks ??= {};
                const network = (state.networks[folder] ??= await loadNetwork(ort, address, { read }));
                state.session = await Session.open(network, { data, width, height });
            })()""",
            folder=self._folder,
            data=pixels,
            **size_of(pixels),
        )
        given = pixels[..., :3] if pixels.ndim == 3 and (pixels[..., 3] == 255).all() else pixels
        return EditSession(self.colorizer, read(given, own_colors=800))

    def update(self, **edits: Any) -> dict[str, Any]:
        return self.calculate("state.session.update(edits)", edits=edits)

    def full_size(self) -> np.ndarray:
        bands = self.calculate("[...state.session.bands(37)]")
        assert [band["top"] for band in bands] == list(range(0, len(bands) * 37, 37))
        return np.concatenate([pixels_of(band) for band in bands])


@pytest.fixture(scope="module")
def sessions(calculate: Calculator, graphs: Path) -> Sessions:
    return Sessions(calculate, graphs)


@pytest.fixture(scope="module")
def nir_sessions(calculate: Calculator, nir_graphs: Path) -> Sessions:
    return Sessions(calculate, nir_graphs)


def edited(sessions: Sessions, painted: list[dict[str, Any]]) -> ColorizationResult:
    """What Python makes of strokes on a photograph that the session then has too."""
    photo = gray(300, 420)
    session = sessions.open(photo)
    sessions.update(strokes=painted, vividness=0.7)
    return session.update(strokes_to_hints(painted, session.photo.size), vividness=0.7)


def assert_same_picture(found: np.ndarray, result: ColorizationResult) -> None:
    expected = result.pixels
    assert found.shape[:2] == expected.shape[:2]
    assert decibels(found[..., :3], expected[..., :3]) > 45
    # As near to the luminance as the package's picture comes.
    lightness = lightness_table(np.uint8)
    off = np.abs(lightness[luminance_codes(found[..., :3])] - lightness[result.luminance])
    assert off.mean() < 0.002
    assert (
        off.max() <= np.abs(lightness[luminance_codes(expected[..., :3])] - lightness[result.luminance]).max() + 0.005
    )


class TestSession:
    @pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.jpg")))
    def test_photographs_look_as_the_package_colours_them(self, sessions: Sessions, name: str) -> None:
        photo = tinted(name) if name == "astronaut" else picture(name)
        expected = sessions.open(rgba(photo))
        notes = sessions.update(strokes=[], vividness=0.7)["notes"]
        assert len(notes) == len(expected.photo.notes)
        assert_same_picture(sessions.full_size(), expected.update([], vividness=0.7))

    @pytest.mark.parametrize("size", SIZES)
    def test_so_do_those_of_odd_sizes_with_black_white_and_flat_areas(
        self, sessions: Sessions, size: tuple[int, int]
    ) -> None:
        expected = sessions.open(gray(*size))
        sessions.update(strokes=[], vividness=1)
        assert_same_picture(sessions.full_size(), expected.update([], vividness=1.0))

    @pytest.mark.parametrize("count", [1, 20])
    def test_so_do_edits(self, sessions: Sessions, count: int) -> None:
        expected = edited(sessions, strokes(count, 1))
        chroma = shaped(sessions.calculate("state.session.colors.chroma"))
        assert chroma == pytest.approx(expected.chroma, abs=0.002)
        assert_same_picture(sessions.full_size(), expected)

    def test_so_do_those_with_hundreds_of_hints(self, sessions: Sessions) -> None:
        """Equations with so many have less digits to agree in."""
        expected = edited(sessions, strokes(9, 5))
        assert_same_picture(sessions.full_size(), expected)

    @pytest.mark.parametrize("vividness", [0.0, 0.7])
    def test_so_do_those_with_a_palette(self, sessions: Sessions, vividness: float) -> None:
        session = sessions.open(gray(300, 420))
        palette = Palette.of_colors(["#a04020", "#204080"])
        words = {"chroma": palette.chroma, "shares": palette.shares, "strength": palette.strength}
        sessions.update(strokes=[], vividness=vividness, palette=words)
        assert_same_picture(sessions.full_size(), session.update(vividness=vividness, palette=palette))

    def test_the_network_sees_the_same(self, sessions: Sessions) -> None:
        photo = gray(601, 403)
        size = input_size(photo.shape, 256, 32)
        script = "resizedLuminance({ data, width, height }, ...inputSize({ width, height }, 256, 32))"
        found = sessions.calculate(script, data=photo, **size_of(photo))
        assert found == pytest.approx(resized_luminance(photo, size).ravel(), abs=1e-7)

    def test_what_was_undone_looks_as_before(self, sessions: Sessions) -> None:
        sessions.open(gray(97, 331))
        sessions.update(strokes=strokes(3, 1))
        first = sessions.full_size()
        sessions.update(strokes=[], vividness=0)
        sessions.update(strokes=strokes(5, 2), vividness=0)
        sessions.update(strokes=strokes(3, 1))
        assert np.array_equal(sessions.full_size(), first)

    def test_transparency_is_kept(self, sessions: Sessions) -> None:
        pixels = rgba(gray(97, 131), np.arange(97 * 131).reshape(97, 131) % 256)
        session = sessions.open(pixels)
        sessions.update(strokes=[])
        found = sessions.full_size()
        assert np.array_equal(found[..., 3], pixels[..., 3])
        assert_same_picture(found, session.update())
        preview = pixels_of(sessions.calculate("state.session.preview(64)"))
        assert np.array_equal(preview[..., 3], np.asarray(session.update().preview(64))[..., 3])

    def test_previews_and_parts_are_those_of_python(self, sessions: Sessions) -> None:
        session = sessions.open(rgba(tinted("astronaut")))
        sessions.update(strokes=[])
        result = session.update()
        whole = pixels_of(sessions.calculate("state.session.preview(200)"))[..., :3]
        assert decibels(whole, np.asarray(result.preview(200))) > 45
        box = {"left": 40, "top": 24, "right": 131, "bottom": 99}
        part = pixels_of(sessions.calculate("state.session.part(box, 200)", box=box))[..., :3]
        assert np.array_equal(part, whole[24:99, 40:131])

    def test_the_original_has_its_own_colours(self, sessions: Sessions) -> None:
        session = sessions.open(rgba(tinted("astronaut")))
        found = pixels_of(sessions.calculate("state.session.original(300)"))[..., :3]
        assert decibels(found, original(session.photo, 300)) > 45

    def test_the_original_of_a_gray_photo_is_gray(self, sessions: Sessions) -> None:
        photo = gray(300, 420)
        sessions.open(rgba(photo))
        assert sessions.update(strokes=[])["notes"] == []
        found = pixels_of(sessions.calculate("state.session.original(1000)"))
        assert np.array_equal(found, rgba(photo))

    def test_suggestions_are_those_of_python(self, sessions: Sessions) -> None:
        session = sessions.open(gray(300, 420))
        found = sessions.update(strokes=[], touched=[0.4, 0.3])["suggestions"]
        expected = session.update().suggestions(168, 90, luminance=(0.4, 0.8))
        assert [each["share"] for each in found] == pytest.approx([each.share for each in expected], abs=0.01)
        colors = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (each["color"] for each in found)]
        others = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (each.color for each in expected)]
        assert np.array(colors) == pytest.approx(np.array(others), abs=3)

    def test_so_are_other_colourings(self, sessions: Sessions) -> None:
        session = sessions.open(rgba(picture("herb_seller_paris_1899")))
        painted = [stroke(2, 1)]
        sessions.update(strokes=painted, vividness=0.7)
        found = sessions.calculate("state.session.alternatives((color) => color)")
        expected = alternatives(session, strokes_to_hints(painted, session.photo.size), 0.7)
        assert [color_label(offer["label"]) for offer in found] == [offer.label for offer in expected]
        for one, other in zip(found, expected, strict=True):
            assert (one["vividness"], one["current"]) == (other.vividness, other.current)
            assert decibels(pixels_of(one["image"])[..., :3], np.asarray(other.image)) > 40
            if other.hint is not None:
                (taken,) = hints_to_strokes([other.hint], session.photo.size)
                assert [one["hint"]["x"], one["hint"]["y"]] == pytest.approx(taken["points"][0])
                assert one["hint"]["radius"] == pytest.approx(taken["radius"])

    def test_hints_are_refused_where_a_network_takes_none(self, sessions: Sessions) -> None:
        sessions.open(gray(97, 131))
        sessions.calculate(
            "(state.traits = Object.values(state.networks)[0].traits, state.traits.supports_hints = false)"
        )
        try:
            with pytest.raises(JavaScriptError, match="takes no hints"):
                sessions.update(strokes=strokes(1, 1))
        finally:
            sessions.calculate("state.traits.supports_hints = true")


@pytest.mark.slow
class TestNearInfrared:
    def test_frames_look_as_the_package_colours_them(self, nir_sessions: Sessions) -> None:
        photo = gray(300, 420)
        session = nir_sessions.open(photo)
        nir_sessions.update(strokes=strokes(2, 1))
        result = session.update(strokes_to_hints(strokes(2, 1), session.photo.size))
        found = nir_sessions.full_size()
        assert decibels(found[..., :3], result.pixels) > 45
        assert not np.array_equal(luminance_codes(found[..., :3]), photo)


def color_label(label: str) -> str:
    """The label with the package's word for a colour."""
    word, _, color = label.partition(" ")
    return f"{word} {color_name(color)}" if color else label

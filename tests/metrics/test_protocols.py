import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from skimage.color import lab2rgb, rgb2lab
from torch import Tensor, nn

from colorizer_hf.metrics.lpips import TRUNKS, Lpips
from colorizer_hf.metrics.protocols import METRICS, PROTOCOLS, evaluate, reveal_hints
from colorizer_hf.models.base import ColorizerConfig, ColorizerModel, ColorizerOutput
from colorizer_hf.models.box_batch import BoxBatch
from colorizer_hf.models.hint_batch import HintBatch


class NearestHint(ColorizerModel):
    """Every cell of 4 pixels takes the colour of the hint next to it; without hints the picture stays gray."""

    config_class = ColorizerConfig

    def __init__(self, config: ColorizerConfig) -> None:
        super().__init__(config)
        self.anchor = nn.Parameter(torch.zeros(1))
        self.seen: list[tuple[int, ...]] = []
        self.decoded: list[tuple[int, float]] = []
        self.post_init()

    def encode(self, luminance: Tensor) -> Tensor:
        self.seen.append(tuple(luminance.shape))
        return luminance

    def decode(self, features, hints=None, palette=None, *, vividness=0.0) -> ColorizerOutput:
        hints = HintBatch.empty(len(features)) if hints is None else hints
        self.decoded.append((len(hints), vividness))
        h, w = features.shape[-2] // 4, features.shape[-1] // 4
        if not len(hints):
            return ColorizerOutput(chroma=torch.zeros(len(features), 2, h, w))
        y, x = torch.meshgrid((torch.arange(h) + 0.5) / h * 2 - 1, (torch.arange(w) + 0.5) / w * 2 - 1, indexing="ij")
        cells = torch.stack([x, y], dim=-1).view(1, -1, 2).expand(len(features), -1, -1)
        nearest = torch.cdist(cells, hints.points).argmin(dim=-1, keepdim=True).expand(-1, -1, 2)
        return ColorizerOutput(chroma=hints.chroma.gather(1, nearest).transpose(1, 2).reshape(-1, 2, h, w))


class Convolutional(ColorizerModel):
    """A small untrained network that behaves differently while it is trained."""

    config_class = ColorizerConfig

    def __init__(self, config: ColorizerConfig) -> None:
        super().__init__(config)
        self.features = nn.Conv2d(1, 8, 4, stride=4)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Conv2d(8, 2, 1)
        self.post_init()

    def encode(self, luminance: Tensor) -> Tensor:
        return self.norm(self.features(luminance))

    def decode(self, features, hints=None, palette=None, *, vividness=0.0) -> ColorizerOutput:
        return ColorizerOutput(chroma=0.3 * self.head(features).tanh())


@pytest.fixture
def nearest_hint() -> NearestHint:
    return NearestHint(ColorizerConfig(working_size=64)).eval()


@pytest.fixture
def convolutional() -> Convolutional:
    torch.manual_seed(0)
    return Convolutional(ColorizerConfig(working_size=64)).eval()


def quarters(seed: int, size: int = 256) -> np.ndarray:
    """A photograph of four areas of different colours, a little noisy."""
    generator = np.random.default_rng(seed)
    areas = generator.integers(60, 200, (2, 2, 3)).repeat(size // 2, axis=0).repeat(size // 2, axis=1)
    return (areas + generator.integers(-5, 6, areas.shape)).astype(np.uint8)


def tensor(photo: np.ndarray) -> Tensor:
    return torch.from_numpy(photo).permute(2, 0, 1).unsqueeze(0)


@pytest.fixture
def photos() -> list[np.ndarray]:
    return [quarters(seed) for seed in range(3)]


class TestPlaces:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @given(seed=st.integers(0, 2**32), fewer=st.integers(0, 40), more=st.integers(40, 200))
    def test_of_few_hints_are_the_first_of_many(self, protocol, seed, fewer, more):
        place = PROTOCOLS[protocol].place
        few, many = (place(np.random.default_rng(seed), count) for count in (fewer, more))
        assert (few == many[:fewer]).all()

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_lie_inside_the_square(self, protocol):
        rules = PROTOCOLS[protocol]
        corners = rules.place(np.random.default_rng(1), 5000)
        assert corners.shape == (5000, 2)
        assert corners.min() == 0
        assert corners.max() == rules.size - rules.patch

    def test_of_siggraph17_are_normal_around_the_middle(self):
        corners = PROTOCOLS["siggraph17"].place(np.random.default_rng(1), 100_000)
        # Of N((H - P + 1) / 2, (H - P + 1) / 4) cut off at two deviations, rounded down.
        assert corners.mean(axis=0) == pytest.approx(125.5 - 0.5, abs=1)
        assert corners.std(axis=0) == pytest.approx(62.75 * 0.9604, rel=0.01)
        assert ((corners == 0) | (corners == 250)).mean() == pytest.approx(0.0455 + 0.0009, abs=0.003)

    def test_of_icolorit_are_different_cells_of_a_grid(self):
        corners = PROTOCOLS["icolorit"].place(np.random.default_rng(1), 112 * 112)
        assert (corners % 2 == 0).all()
        assert len(np.unique(corners, axis=0)) == 112 * 112


class TestRevealHints:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_has_the_mean_chroma_of_the_patch_around_each_point(self, protocol):
        rules = PROTOCOLS[protocol]
        photo = np.random.default_rng(0).integers(0, 256, (rules.size, rules.size, 3), dtype=np.uint8)
        hints = reveal_hints(rules, tensor(photo), first=0, count=20, seed=0)
        lab = rgb2lab(photo)
        corners = (hints.points[0] + 1) / 2 * rules.size - rules.patch / 2
        for (x, y), chroma in zip(corners.round().int().tolist(), hints.chroma[0], strict=True):
            patch = lab[y : y + rules.patch, x : x + rules.patch, 1:]
            assert chroma.numpy() * 110 == pytest.approx(patch.mean(axis=(0, 1)), abs=0.02)

    def test_paints_no_further_than_the_patch(self, photos):
        rules = PROTOCOLS["siggraph17"]
        hints = reveal_hints(rules, tensor(photos[0]), first=0, count=1, seed=0)
        _, painted = hints.rasterize(256, 256)
        rows, columns = painted[0, 0].nonzero().unbind(-1)
        assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == rules.patch

    def test_depends_on_the_place_among_all_photos_and_not_on_the_batch(self, photos):
        rules = PROTOCOLS["siggraph17"]
        together = reveal_hints(rules, torch.cat([tensor(photo) for photo in photos]), first=0, count=5, seed=0)
        alone = reveal_hints(rules, tensor(photos[2]), first=2, count=5, seed=0)
        assert torch.equal(together.points[2:], alone.points)
        assert torch.equal(together.chroma[2:], alone.chroma)
        assert not torch.equal(together.points[1], together.points[2])

    def test_depends_on_the_seed(self, photos):
        rules = PROTOCOLS["siggraph17"]
        one, other = (reveal_hints(rules, tensor(photos[0]), first=0, count=5, seed=seed) for seed in (0, 1))
        assert not torch.equal(one.points, other.points)


class TestEvaluate:
    def test_encodes_once_and_decodes_without_vividness_for_every_number_of_hints(self, nearest_hint, photos):
        evaluate(nearest_hint, photos, hints=(0, 1, 500), batch_size=2, metrics=())
        assert nearest_hint.seen == [(2, 1, 64, 64), (1, 1, 64, 64)]
        assert nearest_hint.decoded == [(0, 0.0), (1, 0.0), (500, 0.0)] * 2

    def test_shows_the_network_the_size_that_is_asked_for(self, nearest_hint, photos):
        assert evaluate(nearest_hint, photos, hints=(0,), size=96, metrics=()).size == 96
        assert nearest_hint.seen == [(3, 1, 96, 96)]

    def test_gains_nothing_for_gray_and_the_more_the_more_hints(self, nearest_hint, photos):
        report = evaluate(nearest_hint, photos, hints=(100, 0, 1, 10, 1), metrics=())
        psnr = [row.psnr for row in report.rows]
        assert [row.hints for row in report.rows] == [0, 1, 10, 100]
        assert report.rows[0].gain == 0
        assert psnr[1] < psnr[2] < psnr[3] < report.references["ceiling"].psnr

    def test_has_the_gray_floor_of_the_lightness_alone(self, nearest_hint, photos):
        lab = rgb2lab(photos[0])
        gray = (lab2rgb(lab * [1, 0, 0]) * 255).round()
        mse = ((gray - photos[0]) ** 2).mean()
        report = evaluate(nearest_hint, photos[:1], metrics=())
        assert report.rows[0].gray_psnr == pytest.approx(10 * np.log10(255**2 / mse), abs=0.01)
        assert report.references["gray"].psnr == report.rows[0].gray_psnr

    def test_has_a_tone_floor_that_is_perfect_for_photographs_of_that_tone(self, nearest_hint):
        y = np.linspace(40, 80, 256).repeat(256).reshape(256, 256)
        lab = np.stack([y, np.full_like(y, 12), np.full_like(y, 20)], axis=-1)
        photo = (lab2rgb(lab) * 255).round().astype(np.uint8)
        report = evaluate(nearest_hint, [photo], tone=(12, 20), metrics=())
        assert report.tone == (12, 20)
        assert report.rows[0].tone_psnr > 50  # rounding to 8 bits alone
        assert report.rows[0].gray_psnr < 30

    def test_takes_the_tone_from_the_manifest_of_the_checkpoint(self, nearest_hint, photos, tmp_path):
        assert evaluate(nearest_hint, photos[:1], hints=(0,), metrics=()).tone == (1, 5)
        nearest_hint.save_pretrained(tmp_path)
        (tmp_path / "manifest.json").write_text(json.dumps({"mean_chroma": [2.5, 8]}))
        loaded = NearestHint.from_pretrained(tmp_path)
        assert evaluate(loaded, photos[:1], hints=(0,), metrics=()).tone == (2.5, 8)

    def test_has_a_ceiling_that_falls_with_the_resolution_of_the_chroma(self, nearest_hint):
        stripes = np.where(np.arange(256)[:, None, None] // 8 % 2, (200, 90, 90), (90, 120, 200)).astype(np.uint8)
        photo = np.broadcast_to(stripes, (256, 256, 3)).copy()
        fine, coarse = (evaluate(nearest_hint, [photo], hints=(0,), size=size, metrics=()) for size in (256, 64))
        assert fine.references["ceiling"].psnr > coarse.references["ceiling"].psnr + 3

    def test_averages_the_values_of_single_photos(self, nearest_hint, photos):
        whole = evaluate(nearest_hint, photos, hints=(0,), metrics=("mse",))
        single = [evaluate(nearest_hint, [photo], hints=(0,), metrics=("mse",)) for photo in photos]
        psnr = [report.rows[0].psnr for report in single]
        assert whole.images == 3
        assert whole.rows[0].psnr == pytest.approx(np.mean(psnr))
        assert whole.rows[0].standard_error == pytest.approx(np.std(psnr, ddof=1) / 3**0.5)
        assert whole.rows[0].mse == pytest.approx(np.mean([report.rows[0].mse for report in single]))

    def test_gives_the_same_numbers_twice_and_in_any_batches(self, nearest_hint, photos):
        first, again = (evaluate(nearest_hint, photos, hints=(0, 10), metrics=("ae",)) for _ in range(2))
        assert first == again
        for batch_size in (1, 2):
            other = evaluate(nearest_hint, photos, hints=(0, 10), metrics=("ae",), batch_size=batch_size)
            assert [row.psnr for row in other.rows] == pytest.approx([row.psnr for row in first.rows], abs=1e-6)

    def test_takes_photos_as_they_come(self, nearest_hint, photos):
        as_list = evaluate(nearest_hint, photos, hints=(0,), metrics=())
        assert evaluate(nearest_hint, iter(photos), hints=(0,), metrics=()) == as_list

    def test_leaves_out_what_was_not_asked_for(self, nearest_hint, photos):
        (row,) = evaluate(nearest_hint, photos[:1], hints=(0,), metrics=("ssim",)).rows
        assert row.ssim is not None
        assert row.mse is row.ciede2000 is row.lpips_alex is row.colourfulness is row.truth_colourfulness is None

    def test_computes_everything_that_was_asked_for(self, nearest_hint, photos, tmp_path):
        build, _ = TRUNKS["alex"]
        torch.manual_seed(0)
        weights = {f"features.{name}": value for name, value in build().state_dict().items()}
        save_file(weights, tmp_path / "alex.safetensors")
        lpips = Lpips("alex", tmp_path / "alex.safetensors")
        report = evaluate(nearest_hint, photos[:2], hints=(100,), lpips=[lpips]).to_dict()
        (row,), references = report["rows"], report["references"]
        assert row["colourfulness"] < row["truth_colourfulness"]
        assert references["gray"]["colourfulness"] == pytest.approx(0, abs=0.3)
        assert references["ceiling"]["lpips_alex"] < row["lpips_alex"] < references["gray"]["lpips_alex"]
        assert all(row[name] is not None for name in METRICS)

    def test_leaves_the_network_in_the_mode_it_was_in(self, convolutional, photos):
        before = {name: value.clone() for name, value in convolutional.state_dict().items()}
        expected = evaluate(convolutional, photos, hints=(0,), metrics=())
        assert evaluate(convolutional.train(), photos, hints=(0,), metrics=()) == expected
        assert convolutional.training
        assert all(torch.equal(before[name], value) for name, value in convolutional.state_dict().items())

    def test_tells_networks_the_palette_and_the_boxes_that_it_is_to_make(self, photos):
        told = []

        class Told(Convolutional):
            supports_boxes = supports_palette = True

            def encode(self, luminance, boxes=None):
                told.append(boxes)
                return super().encode(luminance)

            def decode(self, features, hints=None, palette=None, *, vividness=0.0):
                told.append(palette)
                return super().decode(features)

        one = BoxBatch(torch.tensor([[[0.0, 0.0, 0.5, 0.5]]]).expand(3, 1, 4), torch.ones(3, 1, dtype=torch.bool))
        evaluate(
            Told(ColorizerConfig(working_size=64)),
            photos,
            hints=(0,),
            metrics=(),
            palette=lambda chroma: chroma.mean(dim=(2, 3)),
            boxes=lambda luminance: one if luminance.shape == (3, 1, 256, 256) else BoxBatch.empty(3),
        )
        boxes, palette = told
        assert torch.equal(boxes.corners, one.corners)
        truth = torch.stack([torch.from_numpy(rgb2lab(photo)[..., 1:].mean(axis=(0, 1))) for photo in photos]) / 110
        torch.testing.assert_close(palette, truth.float(), atol=1e-3, rtol=0)

    def test_reports_its_progress(self, nearest_hint, photos):
        done: list[int] = []
        evaluate(nearest_hint, photos, hints=(0,), batch_size=2, metrics=(), progress=done.append)
        assert done == [2, 3]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"protocol": "siggraph"}, "protocol must be one of siggraph17, icolorit, got 'siggraph'"),
            ({"hints": (0, 501)}, r"hints must be numbers from 0 to 500, at least one, got \[0, 501\]"),
            ({"hints": ()}, "hints must be numbers from 0 to 500"),
            ({"metrics": ("fid",)}, "metrics must be of .*, got fid"),
            ({"protocol": "icolorit"}, r"photos must be uint8 of shape \(224, 224, 3\), got uint8 \(256, 256, 3\)"),
            ({"photos": []}, "photos must hold at least one photograph"),
        ],
    )
    def test_refuses(self, arguments, message, nearest_hint, photos):
        with pytest.raises(ValueError, match=message):
            evaluate(nearest_hint, **({"photos": photos} | arguments))


class TestIcolorit:
    def test_caps_the_psnr_of_a_photo_at_50_db(self, nearest_hint):
        gray = np.full((224, 224, 3), 120, np.uint8)
        (row,) = evaluate(nearest_hint, [gray], protocol="icolorit", hints=(0,), metrics=()).rows
        assert row.psnr == row.gray_psnr == 50

    def test_gains_with_hints(self, nearest_hint):
        photos = [quarters(seed, size=224) for seed in range(2)]
        rows = evaluate(nearest_hint, photos, protocol="icolorit", hints=(0, 100), metrics=()).rows
        assert rows[1].gain > 3 + rows[0].gain

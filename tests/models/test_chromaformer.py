"""What the flagship promises beyond the contract."""

from itertools import cycle

import pytest
import torch
from huggingface_hub.errors import StrictDataclassFieldValidationError

from colorizer_hf.models import thing_limits
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.cells import sampling_weights
from colorizer_hf.models.chroma_bins import mean_chroma, weighted_chroma
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from colorizer_hf.models.hint_batch import HintBatch
from colorizer_hf.models.reaches import REACHES, Reach
from tests.tiny_networks import SMALL_CHROMAFORMER, TINY_CHROMAFORMER


@pytest.fixture
def model() -> ChromaFormerModel:
    torch.manual_seed(0)
    return ChromaFormerModel(ChromaFormerConfig(**SMALL_CHROMAFORMER)).eval()


def one_hint(
    x: float, y: float, a: float, b: float, radius: float = 0.0, reach: Reach = "alike", keep: bool = False
) -> HintBatch:
    return HintBatch(
        points=torch.tensor([[[x, y]]]),
        chroma=torch.tensor([[[a, b]]]),
        radius=torch.tensor([[radius]]),
        mask=torch.ones(1, 1, dtype=torch.bool),
        reach=torch.tensor([[REACHES.index(reach)]]),
        keep=torch.tensor([[keep]]),
    )


def together(*hints: HintBatch) -> HintBatch:
    """Hints of one photo in one batch."""
    return HintBatch(
        *(torch.cat(tensors, dim=1) for tensors in zip(*(vars(hint).values() for hint in hints), strict=True))
    )


def squares() -> torch.Tensor:
    """Two bright squares on a dark ground, 128 x 128; the first spans cells 4 to 12 of 32 both ways."""
    photo = torch.full((1, 1, 128, 128), 0.2)
    photo[..., 16:52, 16:52] = photo[..., 76:112, 76:112] = 0.8
    return photo


def read_at(chroma: torch.Tensor, hints: HintBatch, size: tuple[int, int]) -> torch.Tensor:
    weights = torch.from_numpy(sampling_weights(hints.points.numpy(), *chroma.shape[-2:], size))
    return torch.einsum("bkn,bcn->bkc", weights, chroma.flatten(2))


class TestHintSpread:
    def test_the_hints_own_colour_appears_where_it_lies(self, model: ChromaFormerModel) -> None:
        hints = one_hint(0.3, -0.2, 0.5, -0.4)
        chroma = model(torch.full((1, 1, 128, 128), 0.5), hints=hints).chroma
        torch.testing.assert_close(read_at(chroma, hints, (128, 128)), hints.chroma, atol=0.02, rtol=0)

    def test_vividness_has_no_say_where_a_hint_decides(self, model: ChromaFormerModel) -> None:
        photo, hints = torch.full((1, 1, 128, 128), 0.5), one_hint(-0.9, 0, 0.1, 0.1)
        calm, vivid = (model(photo, hints=hints, vividness=vividness).chroma for vividness in (0.0, 1.0))
        change = (vivid - calm).norm(dim=1)[0, 16]
        assert change[1] < 0.1 * change[30]

    def test_a_hint_fades_with_distance(self, model: ChromaFormerModel) -> None:
        photo = torch.full((1, 1, 128, 128), 0.5)
        change = model(photo, hints=one_hint(-0.9, 0, 0.5, 0.5)).chroma - model(photo).chroma
        strength = change.norm(dim=1)[0, 16]
        assert strength[1] > 4 * strength[30]

    def test_a_hint_stays_on_its_side_of_an_edge(self, model: ChromaFormerModel) -> None:
        photo = torch.full((1, 1, 128, 128), 0.2)
        photo[..., 64:] = 0.8
        change = model(photo, hints=one_hint(-0.1, 0, 0.5, 0.5)).chroma - model(photo).chroma
        inside, across = change.norm(dim=1)[0, 16, 12], change.norm(dim=1)[0, 16, 19]
        assert inside > 3 * across

    def test_a_larger_dab_reaches_farther(self, model: ChromaFormerModel) -> None:
        photo = torch.full((1, 1, 128, 128), 0.5)
        automatic = model(photo).chroma
        small, large = (
            (model(photo, hints=one_hint(0, 0, 0.5, 0.5, radius)).chroma - automatic).norm(dim=1).sum()
            for radius in (0.0, 0.2)
        )
        assert large > small

    def test_two_hints_close_together_both_keep_their_colour(self, model: ChromaFormerModel) -> None:
        hints = HintBatch(
            points=torch.tensor([[[-0.15, 0.0], [0.15, 0.0]]]),
            chroma=torch.tensor([[[0.5, 0.3], [-0.4, -0.3]]]),
            radius=torch.zeros(1, 2),
            mask=torch.ones(1, 2, dtype=torch.bool),
        )
        chroma = model(torch.full((1, 1, 128, 128), 0.5), hints=hints).chroma
        error = (read_at(chroma, hints, (128, 128)) - hints.chroma).norm(dim=-1)
        before = hints.chroma.norm(dim=-1)
        assert (error < 0.05 * before).all()

    @pytest.mark.parametrize("radius", [0.0, 0.1])
    def test_many_hints_of_all_colours_keep_them(self, model: ChromaFormerModel, radius: float) -> None:
        hints = HintBatch(
            points=torch.rand(2, 60, 2) * 2 - 1,
            chroma=torch.rand(2, 60, 2) - 0.5,
            radius=torch.full((2, 60), radius),
            mask=torch.ones(2, 60, dtype=torch.bool),
        )
        photo = torch.rand(2, 1, 128, 192)
        error = (read_at(model(photo, hints=hints).chroma, hints, (128, 192)) - hints.chroma).norm(dim=-1)
        automatic = (read_at(model(photo).chroma, hints, (128, 192)) - hints.chroma).norm(dim=-1)
        assert error.mean() < 0.2 * automatic.mean()

    def test_hints_that_contradict_each_other_at_one_place_meet_halfway(self, model: ChromaFormerModel) -> None:
        hints = HintBatch(
            points=torch.zeros(1, 2, 2),
            chroma=torch.tensor([[[0.5, 0.0], [0.1, 0.0]]]),
            radius=torch.zeros(1, 2),
            mask=torch.ones(1, 2, dtype=torch.bool),
        )
        chroma = model(torch.full((1, 1, 128, 128), 0.5), hints=hints).chroma
        met = read_at(chroma, hints, (128, 128))[0, 0]
        torch.testing.assert_close(met, torch.tensor([0.3, 0.0]), atol=0.02, rtol=0)


@pytest.fixture(scope="module")
def trained() -> ColorizerModel:
    """How far things look alike is learnt."""
    return load_model("chromaformer")


class TestReach:
    """On two squares that look alike, with a hint in the middle of the first."""

    def change(self, trained: ColorizerModel, *hints: HintBatch, vividness: float = 0.0) -> torch.Tensor:
        features = trained.encode(squares())
        without = trained.decode(features, vividness=vividness).chroma
        return (trained.decode(features, together(*hints), vividness=vividness).chroma - without).norm(dim=1)[0]

    def test_alike_reaches_the_other_square_and_object_does_not(self, trained: ColorizerModel) -> None:
        alike = self.change(trained, one_hint(-0.47, -0.47, 0.5, 0.5))
        limited = self.change(trained, one_hint(-0.47, -0.47, 0.5, 0.5, reach="object"))
        assert limited[8, 8] > 0.5
        assert limited[6:11, 6:11].min() > 0.8 * limited[8, 8], "the whole square"
        assert limited[20:28, 20:28].max() < 0.05 * limited[8, 8]
        assert alike[20:28, 20:28].max() > 3 * limited[20:28, 20:28].max()

    def test_a_spot_is_its_disc_and_no_more(self, trained: ColorizerModel) -> None:
        hint = one_hint(-0.5, -0.5, 0.4, 0.3, radius=0.05, reach="spot")  # 3.2 cells across
        change = self.change(trained, hint)
        assert change[7:9, 7:9].min() > 0.3
        change[6:10, 6:10] = 0
        assert change.max() == 0

    def test_a_spot_takes_exactly_its_colour(self, trained: ColorizerModel) -> None:
        hint = one_hint(-0.5, -0.5, 0.4, 0.3, radius=0.1, reach="spot")
        chroma = trained(squares(), hints=hint, vividness=1.0).chroma
        torch.testing.assert_close(read_at(chroma, hint, (128, 128)), hint.chroma)

    def test_a_hint_on_an_object_appears_where_it_lies(self, trained: ColorizerModel) -> None:
        hint = one_hint(-0.47, -0.47, 0.5, -0.4, reach="object")
        chroma = trained(squares(), hints=hint).chroma
        torch.testing.assert_close(read_at(chroma, hint, (128, 128)), hint.chroma, atol=0.02, rtol=0)

    def test_hints_of_all_reaches_keep_their_colours(self, trained: ColorizerModel) -> None:
        hints = together(
            one_hint(-0.6, -0.5, 0.5, 0.3, reach="object"),
            one_hint(-0.3, -0.4, -0.3, 0.3, reach="object"),
            one_hint(0.5, 0.5, 0.4, -0.4),
            one_hint(0.1, -0.7, -0.4, -0.3, radius=0.06, reach="spot"),
        )
        chroma = trained(squares(), hints=hints, vividness=0.7).chroma
        torch.testing.assert_close(read_at(chroma, hints, (128, 128)), hints.chroma, atol=0.1, rtol=0)

    def test_many_dabs_of_one_colour_fill_a_thing_evenly(self, trained: ColorizerModel) -> None:
        dabs = [one_hint(x, -0.47, 0.5, 0.5, reach="object") for x in (-0.7, -0.5, -0.3)]
        change = self.change(trained, *dabs)[5:12, 5:12]
        assert change.min() > 0.8 * change.max()

    @pytest.mark.parametrize("reaches", [("object",), ("object", "alike"), REACHES])
    @pytest.mark.parametrize("count", [30, 150])
    @pytest.mark.parametrize("seed", range(3))
    def test_many_dabs_of_different_colours_keep_colours_within_bounds(
        self, trained: ColorizerModel, reaches: tuple[Reach, ...], count: int, seed: int
    ) -> None:
        draw = torch.Generator().manual_seed(seed)
        places, colors = (torch.rand(count, 2, generator=draw) - 0.5 for _ in range(2))
        each = zip((1.9 * places).tolist(), colors.tolist(), cycle(reaches), strict=False)
        dabs = [one_hint(x, y, a, b, reach=reach) for (x, y), (a, b), reach in each]
        assert trained(squares(), hints=together(*dabs)).chroma.abs().max() < 1.5

    def test_an_edit_is_the_same_whatever_was_edited_before(self, trained: ColorizerModel) -> None:
        hints = [one_hint(x, x, 0.5, 0.5, reach="object") for x in (-0.5, 0.1, 0.5)]
        with torch.inference_mode():
            used, fresh = trained.encode(squares()), trained.encode(squares())
            for hint in hints[:2]:
                trained.decode(used, hint)
            after = trained.decode(used, together(*hints)).chroma
            assert torch.equal(after, trained.decode(fresh, together(*hints)).chroma)

    def test_one_more_dab_than_are_kept_measures_that_dab_alone(
        self, trained: ColorizerModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(thing_limits, "KEPT_LIMITS", 4)
        dabs = [one_hint(x, 0.1, 0.5, 0.5, reach="object") for x in (-0.6, -0.3, 0.0, 0.3, 0.6)]
        with torch.inference_mode():
            features = trained.encode(squares())
            trained.decode(features, together(*dabs[:4]))
            before = dict(features.limits)
            trained.decode(features, together(*dabs))
            assert len(before) == 4
            assert all(features.limits[dab] is measured for dab, measured in before.items())
            trained.decode(features, one_hint(0.5, -0.5, 0.5, 0.5, reach="object"))
            assert len(features.limits) == 1

    def test_photos_of_a_batch_have_reaches_of_their_own(self, trained: ColorizerModel) -> None:
        hints = HintBatch.cat([one_hint(-0.47, -0.47, 0.5, 0.5, reach=reach) for reach in ("object", "spot", "alike")])
        photos = torch.cat([squares(), 1 - squares(), squares()])
        joined = trained(photos, hints=hints).chroma
        for i in range(3):
            one = hints.map(lambda tensor, i=i: tensor[i : i + 1])
            torch.testing.assert_close(joined[i : i + 1], trained(photos[i : i + 1], hints=one).chroma)


class TestKeeping:
    @pytest.mark.parametrize("reach", REACHES)
    @pytest.mark.parametrize("vividness", [0.0, 0.7])
    def test_keeping_alone_changes_nothing(self, trained: ColorizerModel, reach: Reach, vividness: float) -> None:
        photo, hint = squares(), one_hint(-0.47, -0.47, 0.9, 0.9, radius=0.03, reach=reach, keep=True)
        kept = trained(photo, hints=hint, vividness=vividness).chroma
        torch.testing.assert_close(kept, trained(photo, vividness=vividness).chroma, atol=1e-4, rtol=0)

    @pytest.mark.parametrize("reach", REACHES)
    def test_holds_back_what_would_spill(self, trained: ColorizerModel, reach: Reach) -> None:
        photo = squares()
        colour = one_hint(-0.47, -0.47, 0.5, 0.5)
        keep = one_hint(0.47, 0.47, 0, 0, radius=0.05, reach=reach, keep=True)
        own = trained(photo, vividness=0.7).chroma
        spilt, held = (
            (trained(photo, hints=hints, vividness=0.7).chroma - own).norm(dim=1)[0, 23, 23]
            for hints in (colour, together(colour, keep))
        )
        assert spilt > 0.1
        assert held < 0.1 * spilt


class TestVividness:
    def logits_for(self, model: ChromaFormerModel, *colors: tuple[float, float]) -> torch.Tensor:
        """Equal belief in some colours (Lab a, b), none in others."""
        centers = model.bin_centers * 110
        logits = torch.full((1, len(centers), 1, 1), -30.0)
        for color in colors:
            logits[0, (centers - torch.tensor(color)).norm(dim=1).argmin()] = 0
        return logits

    def vivid_chroma(self, model: ChromaFormerModel, *colors: tuple[float, float]) -> torch.Tensor:
        logits = self.logits_for(model, *colors)
        vivid = model._vivid_weights(logits.softmax(dim=1), mean_chroma(logits, model.bin_centers), 1.0)
        return 110 * weighted_chroma(vivid, model.bin_centers)[0, :, 0, 0]

    def test_picks_the_livelier_of_colours_that_are_in_doubt(self, model: ChromaFormerModel) -> None:
        assert self.vivid_chroma(model, (0, 0), (20, 40)).norm() > 30

    def test_edits_at_changing_vividness_equal_fresh_ones(self, model: ChromaFormerModel) -> None:
        photo = torch.rand(1, 1, 64, 64)
        with torch.inference_mode():
            features = model.encode(photo)
            for vividness in (1.0, 0.4, 0.4, 0.0, 1.0):
                fresh = model.decode(model.encode(photo), vividness=vividness).chroma
                assert torch.equal(model.decode(features, vividness=vividness).chroma, fresh)

    def test_one_thing_gets_one_colour(self, trained: ColorizerModel) -> None:
        """Noise on what is seen does not grow with vividness: vivid colours vary no more beside their strength."""
        noise = torch.rand(1, 1, 128, 128, generator=torch.Generator().manual_seed(0))
        features = trained.encode(squares() + 0.1 * noise)
        calm, vivid = (
            trained.decode(features, vividness=vividness).chroma[0, :, 5:12, 5:12].flatten(1)
            for vividness in (0.0, 1.0)
        )
        assert vivid.mean(dim=1).norm() > 2 * calm.mean(dim=1).norm()
        variation = [chroma.std(dim=1).norm() / chroma.mean(dim=1).norm() for chroma in (calm, vivid)]
        assert variation[1] < 1.4 * variation[0]

    def test_grows_from_nothing(self, model: ChromaFormerModel) -> None:
        features = model.encode(torch.rand(1, 1, 64, 64))
        barely = model.decode(features, vividness=1e-4).chroma
        torch.testing.assert_close(barely, features.chroma, atol=1e-3, rtol=0)

    def test_leaves_gray_what_is_surely_gray(self, model: ChromaFormerModel) -> None:
        assert self.vivid_chroma(model, (0, 0)).norm() < 0.1

    def test_invents_no_colour_that_the_network_does_not_hold_possible(self, model: ChromaFormerModel) -> None:
        torch.testing.assert_close(self.vivid_chroma(model, (20, 40)), torch.tensor([20.0, 40.0]), atol=0.1, rtol=0)


class TestConfig:
    def test_refuses_a_hidden_size_that_heads_do_not_divide(self) -> None:
        with pytest.raises(ValueError, match="hidden_size must be a multiple of num_heads, got 10 and 4"):
            ChromaFormerConfig(hidden_size=10, num_heads=4)

    def test_refuses_an_unknown_backbone(self) -> None:
        with pytest.raises(StrictDataclassFieldValidationError, match="got resnet"):
            ChromaFormerConfig(backbone="resnet")  # ty: ignore[invalid-argument-type]

    def test_takes_a_transformers_backbone(self) -> None:
        config = ChromaFormerConfig(**TINY_CHROMAFORMER)
        assert ChromaFormerModel(config)(torch.rand(1, 1, 64, 64)).chroma.shape == (1, 2, 16, 16)


class TestDropout:
    def test_changes_what_training_sees_and_nothing_that_users_see(self, model: ChromaFormerModel) -> None:
        dropping = ChromaFormerModel(ChromaFormerConfig(**SMALL_CHROMAFORMER, dropout=0.5))
        dropping.load_state_dict(model.state_dict())
        luminance = torch.rand(2, 1, 64, 64)
        with torch.no_grad():
            assert torch.equal(dropping.eval()(luminance).chroma, model(luminance).chroma)
            dropping.train()
            for norm in (module for module in dropping.modules() if isinstance(module, torch.nn.BatchNorm2d)):
                norm.eval()  # so that nothing else differs between two passes
            assert not torch.equal(dropping(luminance).chroma, dropping(luminance).chroma)


class TestPalette:
    RED = torch.tensor([[[0.5, 0.4, 0.5]]])  # half of the picture

    def test_moves_the_picture_towards_its_colours(self, trained: ColorizerModel) -> None:
        plain, red = (trained(squares(), palette=palette).chroma[0].flatten(1) for palette in (None, self.RED))
        target = self.RED[0, 0, :2]
        assert (red.mean(dim=1) - target).norm() < 0.9 * (plain.mean(dim=1) - target).norm()

    def test_of_no_share_changes_nothing(self, trained: ColorizerModel) -> None:
        palette = self.RED * torch.tensor([1.0, 1.0, 0.0])
        moved = trained(squares(), palette=palette, vividness=0.7).chroma
        torch.testing.assert_close(moved, trained(squares(), vividness=0.7).chroma, atol=0.01, rtol=0)

    def test_hints_hold_beside_it(self, trained: ColorizerModel) -> None:
        hint = one_hint(-0.47, -0.47, -0.3, 0.3, reach="object")
        chroma = trained(squares(), hints=hint, palette=self.RED, vividness=0.7).chroma
        torch.testing.assert_close(read_at(chroma, hint, (128, 128)), hint.chroma, atol=0.05, rtol=0)

    def test_edits_with_changing_palettes_equal_fresh_ones(self, trained: ColorizerModel) -> None:
        with torch.inference_mode():
            features = trained.encode(squares())
            for palette in (self.RED, None, self.RED, -self.RED.abs() * torch.tensor([1.0, 1.0, -1.0])):
                fresh = trained.decode(trained.encode(squares()), palette=palette, vividness=0.7)
                edited = trained.decode(features, palette=palette, vividness=0.7)
                assert torch.equal(edited.chroma, fresh.chroma)
                assert edited.logits is not None
                assert fresh.logits is not None
                assert torch.equal(edited.logits, fresh.logits)

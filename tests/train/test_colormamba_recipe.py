"""The recipe `colormamba`: pairs of near infrared and colour, two discriminators."""

from pathlib import Path

import numpy as np
import pytest
import torch
from kornia.metrics import ssim
from PIL import Image

from colorizer_hf.errors import TrainingDataError
from colorizer_hf.models.auto import load_model
from tests.tiny_networks import TINY_COLORMAMBA
from tests.train.conftest import WriteRun
from tests.train.test_nir import write_pairs
from train.parts.adversarial import AdversarialTrainer
from train.parts.config import ConfigError, OptimizerConfig, load_config
from train.parts.discriminator import PatchDiscriminator
from train.parts.loop import learning_rate_factor
from train.parts.results import read_history
from train.parts.translation_losses import FrozenFeatures, multiscale_similarity, similarity
from train.recipes.colormamba import (
    ColorMambaObjective,
    ColorMambaRunConfig,
    change_contrast,
    stretch,
    to_hsv,
    train,
)

GAME = {"mode": "lsgan", "reconstruction": 100, "width": 4, "spectral_norm": True, "bound_ends": False}


@pytest.fixture
def tiny(write_run: WriteRun, tmp_path: Path) -> Path:
    pairs, test = (
        str(write_pairs(tmp_path / name, seeds)) for name, seeds in (("pairs", range(4)), ("test", range(20, 22)))
    )
    return write_run(
        "tiny",
        model=TINY_COLORMAMBA | {"mixer": "convolution", "working_size": 64},
        backbone_weights="none",
        data={"sources": []},
        pairs={"sources": [pairs], "crop_size": 64, "num_workers": 0},
        test_pairs=test,
        optimizer={"lr": 0.01, "warmup_steps": 0, "kept_statistics": "none", "ema_decay": 0.5},
        steps=2,
        checkpoint_every=100,
        log_every=1,
    )


class TestRun:
    def test_against_two_discriminators_leaves_them_beside_the_weights(self, tiny: Path, tmp_path: Path) -> None:
        record = train(load_config(tiny, ColorMambaRunConfig, {"adversarial": GAME}), name="tiny")
        assert {"psnr", "luma_psnr", "angle", "nir_psnr"} <= set(record["metrics"])
        folder = tmp_path / "run" / "model"
        assert load_model(folder).config.mixer == "convolution"
        for name in ColorMambaObjective.judges:
            assert PatchDiscriminator.from_pretrained(folder / name).config.width == 4
        logged = read_history(tmp_path / "run")[0]
        terms = {"rgb", "rgb_rest", "hsv", "hsv_rest"}
        assert set(logged) == {"step", "adversarial", "discriminator", "accuracy"} | terms

    def test_learns_what_a_frame_hides(self, tiny: Path) -> None:
        overrides = {"steps": 24, "contrast": 0, "stretch": False}
        metrics = train(load_config(tiny, ColorMambaRunConfig, overrides), name="tiny")["metrics"]
        assert metrics["luma_psnr"] > metrics["nir_luma_psnr"] + 1

    def test_the_network_may_learn_twice_while_the_discriminators_learn_once(
        self, tiny: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = load_config(tiny, ColorMambaRunConfig, {"adversarial": GAME | {"generator_steps": 2}, "steps": 1})
        steps: list[str] = []
        descend = AdversarialTrainer._descend

        def counted(self, loss, network, optimizer) -> None:
            steps.append("network" if network is self.network else "discriminators")
            descend(self, loss, network, optimizer)

        monkeypatch.setattr(AdversarialTrainer, "_descend", counted)
        train(config, name="tiny")
        assert steps == ["discriminators", "network", "network"]

    def test_made_up_infrared_is_refused(self, tiny: Path) -> None:
        with pytest.raises(ConfigError, match=r"learns from pairs alone; set pairs.photo_share to 0"):
            train(load_config(tiny, ColorMambaRunConfig, {"pairs.photo_share": 0.5}), name="tiny")

    def test_no_pairs_at_all_are_refused(self, tiny: Path) -> None:
        with pytest.raises(TrainingDataError, match=r"no pairs to train on; set pairs.sources"):
            train(load_config(tiny, ColorMambaRunConfig, {"pairs.sources": []}), name="tiny")

    def test_pairs_that_it_is_measured_on_are_refused(self, tiny: Path, tmp_path: Path) -> None:
        leaking = load_config(tiny, ColorMambaRunConfig, {"test_pairs": str(tmp_path / "pairs")})
        with pytest.raises(TrainingDataError, match="scene0"):
            train(leaking, name="tiny")


class TestTargets:
    def test_one_factor_changes_the_contrast_of_both_pictures_of_a_pair(self) -> None:
        generator = torch.Generator().manual_seed(0)
        nir, rgb = torch.rand(40, 1, 8, 8) / 2 + 0.25, torch.rand(40, 3, 8, 8) / 2 + 0.25
        factors = []
        for before, after in zip((nir, rgb), change_contrast((nir, rgb), 0.5, generator), strict=True):
            factors.append(after.std(dim=(1, 2, 3)) / before.std(dim=(1, 2, 3)))
        torch.testing.assert_close(factors[0], factors[1], atol=0.06, rtol=0)
        is_same = (factors[0] - 1).abs() < 1e-6
        assert 10 < is_same.sum() < 30
        assert factors[0].min() > 0.49
        assert factors[0].max() < 1.51

    def test_no_contrast_is_changed_where_none_is_wanted(self) -> None:
        pair = torch.rand(4, 1, 8, 8), torch.rand(4, 3, 8, 8)
        changed = change_contrast(pair, 0, torch.Generator())
        assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(pair, changed, strict=True))

    def test_hsv_is_pillows(self) -> None:
        codes = torch.randint(0, 256, (1, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
        picture = Image.fromarray(codes[0].movedim(0, -1).numpy()).convert("HSV")
        expected = torch.tensor(np.asarray(picture)).movedim(-1, 0)[None] / 255
        difference = (to_hsv(codes / 255) - expected).abs()
        assert torch.minimum(difference, 1 - difference).max() < 1.5 / 255  # hue is a circle

    def test_a_stretched_target_goes_from_0_to_1_over_its_channels_together(self) -> None:
        low, high = stretch(torch.rand(2, 3, 8, 8) / 3 + 0.2).aminmax()
        assert low == 0
        assert 0.999 < high < 1


class TestLosses:
    def test_structure_is_that_of_kornia_on_one_scale(self) -> None:
        made, real = torch.rand(2, 2, 3, 40, 30, generator=torch.Generator().manual_seed(0))
        whole, _ = similarity(made, real)
        expected = ssim(made.double(), real.double(), window_size=11, padding="valid").mean()
        assert whole.item() == pytest.approx(expected.item(), abs=1e-5)

    @pytest.mark.parametrize("side", [16, 64, 176])
    def test_structure_on_many_scales_is_1_for_equal_pictures_only(self, side: int) -> None:
        real = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
        assert multiscale_similarity(real, real).item() == pytest.approx(1, abs=1e-5)
        assert multiscale_similarity(1 - real, real) < 0.7

    def test_features_never_learn(self) -> None:
        features = FrozenFeatures("none").train()
        before = {key: value.clone() for key, value in features.state_dict().items()}
        picture = torch.rand(1, 3, 64, 64, requires_grad=True)
        seen = features(picture)
        assert seen.shape == (1, 40, 8, 8)
        seen.sum().backward()
        assert picture.grad is not None
        assert all(torch.equal(value, before[key]) for key, value in features.state_dict().items())
        assert not [parameter for parameter in features.parameters() if parameter.requires_grad]


def test_halving_rates_halve_at_even_distances() -> None:
    config = OptimizerConfig(schedule="halving", parts=4, warmup_steps=0)
    factors = [learning_rate_factor(100, share, config) for share in (0, 0.24, 0.26, 0.51, 0.99)]
    assert factors == [1, 1, 0.5, 0.25, 0.125]

"""The recipe `cocolor`: two routes from a frame to colour, trained in stages."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import stretch
from colorizer_hf.models.cocolor import NIR, CoColorConfig, CoColorModel
from colorizer_hf.models.unet import UNetConfig, UNetModel
from tests.tiny_networks import TINY_CHROMAFORMER, TINY_COCOLOR
from tests.train.conftest import WriteRun
from tests.train.test_nir import write_pairs
from train.parts.config import ConfigError, load_config
from train.parts.networks import save_network
from train.parts.two_routes import TERMS, Scenes, Watch, translation_loss
from train.recipes.cocolor import STAGES, CoColorRunConfig, start_network, train


@pytest.fixture
def tiny_cocolor(write_run: WriteRun, tmp_path: Path) -> Path:
    """The YAML of a run of stage `translation`, with tiny U-Nets."""
    torch.manual_seed(0)
    UNetModel(UNetConfig(width=4, depth=2, working_size=64)).save_pretrained(tmp_path / "gray_unet")
    pairs = str(write_pairs(tmp_path / "pairs", range(6)))
    return write_run(
        "tiny_cocolor",
        gray=str(tmp_path / "gray_unet"),
        model={"translator_width": 4, "fusion_width": 8},
        pairs={"sources": [pairs], "crop_size": 32, "photo_share": 0.5, "num_workers": 0},
        weights={"features": 0},
        optimizer={"lr": 0.01, "warmup_steps": 2, "kept_statistics": "none", "ema_decay": 0.5},
        steps=3,
        batch_size=4,
        log_every=1,
    )


def run_stage(path: Path, **overrides: Any) -> dict[str, Any]:
    return train(load_config(path, CoColorRunConfig, overrides), name="tiny")


def changed_parts(before: Path, after: Path) -> set[str]:
    """Parts of which a parameter is another one."""
    old, new = (dict(load_model(folder).named_parameters()) for folder in (before, after))
    return {name.split(".")[0] for name in new if not torch.equal(old[name], new[name])}


def test_every_stage_goes_on_from_another_and_teaches_its_parts_alone(tiny_cocolor: Path, tmp_path: Path) -> None:
    start = tmp_path / "start"
    save_network(start_network(load_config(tiny_cocolor, CoColorRunConfig)), start)
    for stage, plan in STAGES.items():
        overrides = {"stage": stage, "init": str(start), "output": str(tmp_path / stage)}
        pairs = {"gray": {"pairs.photo_share": 1, "pairs.sources": []}, "fusion": {"pairs.photo_share": 0}}
        run_stage(tiny_cocolor, **overrides, **pairs.get(stage, {}))
        trained = tmp_path / stage / "model"
        assert changed_parts(start, trained) == set(plan.learning)
        assert load_model(trained).config.route == plan.route
        start = trained


def test_what_is_measured_are_the_routes_of_the_stage(tiny_cocolor: Path, tmp_path: Path) -> None:
    test = {"test_pairs": str(write_pairs(tmp_path / "test", range(20, 22)))}
    metrics = run_stage(tiny_cocolor, **test)["metrics"]
    assert {"psnr", "luma_psnr", "nir_luma_psnr"} <= set(metrics)
    overrides: dict[str, Any] = {"stage": "fusion", "steps": 1, "pairs.photo_share": 0, "output": str(tmp_path / "f")}
    metrics = run_stage(tiny_cocolor, init=str(tmp_path / "run" / "model"), **test, **overrides)["metrics"]
    assert {"psnr", "nir_route_psnr", "gray_route_psnr"} <= set(metrics)
    assert len({metrics[name] for name in ("psnr", "nir_route_psnr", "gray_route_psnr")}) == 3


def test_translation_learns_the_brightness_that_a_frame_hides(tiny_cocolor: Path, tmp_path: Path) -> None:
    test = str(write_pairs(tmp_path / "test", range(20, 22)))
    overrides = {"steps": 120, "pairs.photo_share": 0, "test_pairs": test, "weights.cycle": 0, "optimizer.lr": 0.03}
    metrics = run_stage(tiny_cocolor, **overrides)["metrics"]
    assert metrics["luma_psnr"] > metrics["nir_luma_psnr"] + 0.5


def test_f_n_begins_as_f_g_with_the_luminance_of_the_frame(tiny_cocolor: Path) -> None:
    network = start_network(load_config(tiny_cocolor, CoColorRunConfig)).eval()
    frame = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
    with torch.no_grad():
        alone, by_nir = network.gray(frame), network.color_by_nir(frame)
    torch.testing.assert_close(by_nir[:, :1], frame, atol=0.02, rtol=0)
    torch.testing.assert_close(by_nir[:, 1:], alone.chroma, atol=0.02, rtol=0)


def test_f_n_may_be_another_network(tiny_cocolor: Path, tmp_path: Path) -> None:
    UNetModel(UNetConfig(width=3, depth=1)).save_pretrained(tmp_path / "other")
    network = start_network(load_config(tiny_cocolor, CoColorRunConfig, {"nir": str(tmp_path / "other")}))
    assert (network.gray.config.width, network.nir.config.width) == (4, 3)


def test_mistakes_are_named(tiny_cocolor: Path) -> None:
    with pytest.raises(ConfigError, match=r"not every batch of 4 would have one; lower pairs.photo_share"):
        run_stage(tiny_cocolor, **{"pairs.photo_share": 0.8})
    with pytest.raises(ConfigError, match="all terms of stage nir have a weight of 0"):
        run_stage(tiny_cocolor, stage="nir", **{"weights.nir": 0})
    with pytest.raises(ConfigError, match=r"no encoders of one kind to compare; set weights.features to 0"):
        run_stage(tiny_cocolor, stage="consistency", **{"weights.features": 0.1})


class TestTerms:
    @pytest.fixture
    def network(self) -> CoColorModel:
        torch.manual_seed(0)
        part: dict[str, Any] = TINY_CHROMAFORMER | {"model_type": "chromaformer"}
        options: dict[str, Any] = TINY_COCOLOR | {"gray": part, "nir": part | NIR}
        network = CoColorModel(CoColorConfig(**options))
        return network.requires_grad_(True).eval()

    def scenes(self, network: CoColorModel, *, is_pair: bool) -> Scenes:
        rgb = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        return Scenes(network, (Watch(network.nir), Watch(network.gray)), rgb, rgb[:, :1] if is_pair else None)

    def reached(self, network: CoColorModel, term: str, *, is_pair: bool) -> set[str]:
        """Parts that a term teaches."""
        network.zero_grad()
        TERMS[term](self.scenes(network, is_pair=is_pair)).backward()
        return {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None and p.grad.any()}

    def test_consistency_teaches_the_side_that_saw_what_is_made(self, network: CoColorModel) -> None:
        for term in ("pixel", "features"):
            assert self.reached(network, term, is_pair=True) == {"gray", "to_gray"}
            assert self.reached(network, term, is_pair=False) == {"nir", "to_nir"}

    def test_supervision_reaches_both_kinds_of_scenes(self, network: CoColorModel) -> None:
        assert self.reached(network, "nir", is_pair=True) == {"nir"}
        assert self.reached(network, "nir", is_pair=False) == {"nir", "to_nir"}
        assert self.reached(network, "gray", is_pair=True) == {"gray", "to_gray"}
        assert self.reached(network, "gray", is_pair=False) == {"gray"}

    def test_the_cycle_goes_there_and_back(self, network: CoColorModel) -> None:
        assert self.reached(network, "cycle", is_pair=True) == {"to_gray", "gray", "to_nir"}
        assert self.reached(network, "cycle", is_pair=False) == {"to_gray", "to_nir"}

    def test_networks_that_see_and_know_the_same_agree(self, network: CoColorModel) -> None:
        for term in ("pixel", "features"):
            scenes = self.scenes(network, is_pair=False)
            scenes.gray = scenes.frame = stretch(scenes.luminance)
            apart = TERMS[term](scenes).item()
            state = deepcopy(network.nir.state_dict())
            network.nir.load_state_dict(network.gray.state_dict(), strict=False)
            del scenes.by_nir
            assert TERMS[term](scenes).item() < 0.1 * apart
            network.nir.load_state_dict(state)

    def test_a_translation_without_error_costs_nothing(self) -> None:
        real = torch.rand(1, 1, 32, 32)
        assert translation_loss(real, real).item() == pytest.approx(0, abs=1e-5)
        assert translation_loss(1 - real, real).item() > translation_loss(0.9 * real, real).item() > 0

"""CoColor: two routes from a frame to colour, of any two networks, and what becomes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf import ColorizationPipeline
from colorizer_hf.hub.publishing import save_checkpoint
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.auto import ARCHITECTURES, load_model
from colorizer_hf.models.base import stretch
from colorizer_hf.models.cocolor import PARTS, CoColorConfig, CoColorModel
from tests.tiny_networks import TINY_CHROMAFORMER, TINY_COCOLOR

FLAGSHIPS: dict[str, Any] = {
    "gray": TINY_CHROMAFORMER | {"model_type": "chromaformer"},
    "nir": TINY_CHROMAFORMER | {"model_type": "chromaformer", "modality": "nir", "predicts_luminance": True},
}


def make(**options: Any) -> CoColorModel:
    torch.manual_seed(0)
    return CoColorModel(CoColorConfig(**TINY_COCOLOR | options)).eval()


def frames(height: int = 64, width: int = 96) -> Tensor:
    return stretch(torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(1)))


@torch.no_grad()
def color(model: CoColorModel, route: Any, seen: Tensor) -> Tensor:
    """Lab colours (B, 3, h, w)."""
    model.config.route = route
    return model.encode(seen)


def close(one: Tensor, other: Tensor) -> None:
    """Frames at full contrast are not quite as they were when they are stretched again."""
    torch.testing.assert_close(one, other, atol=2e-3, rtol=0)


class TestRoutes:
    def test_begin_with_the_frames_own_brightness(self) -> None:
        model = make()
        for route in ("nir", "gray", "fused"):
            torch.testing.assert_close(color(model, route, frames())[:, :1], frames(), atol=0.05, rtol=0)

    def test_of_each_network_is_what_it_gives_alone(self) -> None:
        model = make(**FLAGSHIPS)
        head: Any = model.to_gray.head
        with torch.no_grad():
            head.bias.fill_(0.7)
            alone, gray = model.nir(frames()), model.to_gray(frames())
            by_nir, by_gray = color(model, "nir", frames()), color(model, "gray", frames())
            close(by_nir, torch.cat([alone.luminance, alone.chroma], dim=1))
            close(by_gray, torch.cat([F.avg_pool2d(gray, 4), model.gray(gray).chroma], dim=1))
        assert (gray > frames() + 0.05).float().mean() > 0.5

    def test_are_fused_evenly_before_training(self) -> None:
        model = make(**FLAGSHIPS)
        both = (color(model, "nir", frames()) + color(model, "gray", frames())) / 2
        close(color(model, "fused", frames()), both)

    def test_are_fused_at_the_coarser_size(self) -> None:
        model = make(nir=FLAGSHIPS["nir"])
        assert color(model, "gray", frames()).shape == (2, 3, 64, 96)
        assert color(model, "fused", frames()).shape == (2, 3, 16, 24)

    def test_exposure_changes_nothing(self) -> None:
        model = make()
        for route in ("nir", "gray", "fused"):
            dim = color(model, route, 0.2 + 0.5 * frames())
            close(dim, color(model, route, frames()))


class TestParts:
    def test_can_be_any_other_network(self) -> None:
        assert set(PARTS) == set(ARCHITECTURES) - {"cocolor"}
        for name, model in PARTS.items():
            assert ARCHITECTURES[name].model is model

    def test_are_the_flagship_unless_told_otherwise(self) -> None:
        config = CoColorConfig()
        assert config.gray == {"model_type": "chromaformer"}
        assert config.nir == {"model_type": "chromaformer", "modality": "nir", "predicts_luminance": True}

    def test_a_network_for_gray_photographs_leaves_the_frame_its_brightness(self) -> None:
        model = make(nir=TINY_COCOLOR["gray"])
        close(color(model, "nir", frames())[:, :1], frames())

    @pytest.mark.parametrize("kind", ["cocolor", "resnet", None])
    def test_others_are_refused(self, kind: str | None) -> None:
        with pytest.raises(ValueError, match="the model_type of nir must be one of chromaformer"):
            CoColorConfig(nir={"model_type": kind})

    def test_what_makes_near_infrared_is_not_trained_by_colouring(self) -> None:
        model = make()
        assert not any(parameter.requires_grad for parameter in model.to_nir.parameters())
        assert model.to_nir(torch.rand(1, 3, 33, 47)).shape == (1, 1, 33, 47)

    def test_translations_have_two_million_parameters_each(self) -> None:
        with torch.device("meta"):
            model = CoColorModel(CoColorConfig())
        for part in (model.to_gray, model.to_nir):
            assert 1.9e6 < sum(parameter.numel() for parameter in part.parameters()) < 2e6


class TestCheckpoint:
    def test_holds_everything(self, tmp_path: Path) -> None:
        model = make(**FLAGSHIPS)
        save_checkpoint(model, ColorizerImageProcessor(working_size=64, size_multiple=32), tmp_path)
        loaded = load_model(tmp_path)
        assert isinstance(loaded, CoColorModel)
        assert loaded.gray.config.num_layers == TINY_CHROMAFORMER["num_layers"]
        assert loaded.nir.config.predicts_luminance
        # saved in half precision
        rgb = torch.rand(1, 3, 32, 32)
        torch.testing.assert_close(loaded.to_nir(rgb), model.to_nir(rgb), atol=1e-2, rtol=0)

    def test_runs_in_the_pipeline_as_any_other(self, tmp_path: Path) -> None:
        save_checkpoint(make(), ColorizerImageProcessor(working_size=64, size_multiple=32), tmp_path)
        frame = np.random.default_rng(0).integers(0, 2**16, (90, 70)).astype(np.uint16)
        result = ColorizationPipeline.from_pretrained(tmp_path)(frame)
        assert result.pixels.shape == (90, 70, 3)
        assert result.pixels.dtype == np.uint16
        assert result.predicted_luminance is not None

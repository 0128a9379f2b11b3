"""Needs the package `lpips` for its calibrated heads (installed without its dependencies)."""

import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from colorizer_hf.errors import CheckpointError
from colorizer_hf.metrics.lpips import TRUNKS, Lpips


@pytest.fixture(params=TRUNKS)
def trunk(request) -> str:
    return request.param


@pytest.fixture
def weights(trunk: str, tmp_path: Path) -> Path:
    """A trunk file with reproducible numbers in the place of trained ones."""
    build, _ = TRUNKS[trunk]
    path = tmp_path / f"{trunk}.safetensors"
    save_file({f"features.{name}": _waves(tensor) for name, tensor in build().state_dict().items()}, path)
    return path


def _waves(tensor: Tensor) -> Tensor:
    count = torch.arange(tensor.numel(), dtype=torch.float64)
    return (0.06 * torch.sin(count**1.5)).reshape(tensor.shape).float()


class TestLpips:
    # Made with the package lpips 0.1.4 itself, LPIPS(net=trunk), with the trunk weights of `_waves`.
    @pytest.mark.parametrize(
        ("trunk", "shifted", "flipped"), [("alex", 0.00287580, 0.19740275), ("vgg", 0.00267693, 0.12626618)]
    )
    def test_has_the_values_of_the_reference_implementation(self, weights, trunk, shifted, flipped, ramp, shifted_ramp):
        distance = Lpips(trunk, weights)
        assert distance(ramp, shifted_ramp).item() == pytest.approx(shifted, rel=1e-3)
        assert distance(ramp, ramp.flip(2)).item() == pytest.approx(flipped, rel=1e-3)

    # Made with the package lpips 0.1.4 itself and the true weights of AlexNet in half precision.
    @pytest.mark.skipif("COLORIZER_LPIPS_ALEX" not in os.environ, reason="COLORIZER_LPIPS_ALEX names no trunk file")
    def test_has_the_values_of_the_reference_implementation_with_true_weights(self, ramp, shifted_ramp):
        distance = Lpips("alex", os.environ["COLORIZER_LPIPS_ALEX"])
        assert distance(ramp, shifted_ramp).item() == pytest.approx(0.00843235, rel=2e-3)
        assert distance(ramp, ramp.flip(2)).item() == pytest.approx(0.45294774, rel=2e-3)

    def test_is_zero_for_identical_pictures_and_of_each_picture(self, weights, trunk, ramp):
        distances = Lpips(trunk, weights)(torch.cat([ramp, ramp]), torch.cat([ramp, ramp.flip(3)]))
        assert distances[0] == 0
        assert distances[1] > 0

    def test_has_a_gradient_for_training(self, weights, trunk, ramp):
        picture = ramp.float().requires_grad_()
        Lpips(trunk, weights)(picture, ramp.flip(3)).sum().backward()
        assert picture.grad is not None
        assert picture.grad.isfinite().all()
        assert picture.grad.any()


class TestLpipsWeights:
    def test_ignores_what_else_is_in_the_file(self, tmp_path, ramp):
        build, _ = TRUNKS["alex"]
        tensors = {f"features.{name}": _waves(tensor) for name, tensor in build().state_dict().items()}
        save_file(tensors | {"classifier.6.bias": torch.zeros(1000)}, tmp_path / "whole.safetensors")
        save_file(tensors, tmp_path / "trunk.safetensors")
        whole, part = (Lpips("alex", tmp_path / f"{name}.safetensors") for name in ("whole", "trunk"))
        assert whole(ramp, ramp.flip(2)) == part(ramp, ramp.flip(2))

    def test_of_another_network_are_refused(self, tmp_path):
        path = tmp_path / "other.safetensors"
        save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, path)
        with pytest.raises(CheckpointError, match=r"other.safetensors has shape \(64, 3, 3, 3\) for features.0.weight"):
            Lpips("alex", path)

    @pytest.mark.parametrize("content", [None, b"", b"no safetensors"], ids=["missing", "empty", "text"])
    def test_that_cannot_be_read_are_named(self, tmp_path, content):
        path = tmp_path / "trunk.safetensors"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"trunk.safetensors cannot be read as LPIPS weights"):
            Lpips("alex", path)

    def test_of_an_unknown_trunk_are_a_wrong_argument(self, tmp_path):
        with pytest.raises(ValueError, match="trunk must be one of alex, vgg, got 'squeeze'"):
            Lpips("squeeze", tmp_path)

    def test_need_the_package_of_the_calibrated_heads(self, weights, trunk, monkeypatch):
        monkeypatch.setitem(sys.modules, "lpips", None)  # Python's own way to say that a package is not there
        with pytest.raises(CheckpointError, match="package lpips, which is not installed; run pip install --no-deps"):
            Lpips(trunk, weights)

"""Published weights of ColorMamba become a checkpoint that predicts alike, or are refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from colorizer_hf.conversion.convert import convert
from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.colormamba import as_hsv, stretched
from tests.published_colormamba import PublishedWeights, published_colormamba

WIDTH = 8
FRAME = torch.rand(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def published() -> tuple[PublishedWeights, Tensor, Tensor]:
    """Weights, and the HSV and RGB of `FRAME` that belong to them."""
    weights = PublishedWeights()
    with torch.no_grad():
        return weights, *published_colormamba(weights, stretched(FRAME), as_hsv(FRAME), WIDTH)


@torch.no_grad()
def test_a_converted_checkpoint_predicts_what_the_published_network_does(published: Any, tmp_path: Path) -> None:
    weights, hsv, rgb = published
    torch.save(dict(weights), tmp_path / "best.pth")
    convert("colormamba", [tmp_path / "best.pth"], tmp_path / "checkpoint")
    model: Any = load_model(tmp_path / "checkpoint")
    assert (model.config.width, model.config.state_size, model.config.laplacian) == (WIDTH, 2, "published")
    predicted = model.predict(FRAME)
    assert min(hsv.std(), rgb.std()) > 0.02
    torch.testing.assert_close(predicted.hsv, hsv, atol=1e-4, rtol=0)
    torch.testing.assert_close(predicted.rgb, rgb, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"netG_A.coder_2.2.norm.bias": None}, r"lacks 1 of the \d+ weights of colormamba, such as netG_A.coder_2.2.n"),
        ({"netG_A.fusion.conv_0.weight_u": None}, "such as netG_A.fusion.conv_0.weight_u; it is incomplete"),
        ({"netG_B.coder_1.0.weight": torch.zeros(1)}, "has weights netG_B.coder_1.0.weight, which no colormamba has"),
        ({"netG_C.layer10_conv.bias": torch.zeros(4)}, r"has netG_C.layer10_conv.bias of shape \(4,\) where"),
        (
            {"netG_A.coder_1.1.layers.0.residual_group.blocks.0.conv_blk.attn.ha_bias": torch.zeros(1, 8, 1, 1, 7)},
            r"ha_bias of shape \(8, 7\) where colormamba has \(8, 49\)",
        ),
    ],
    ids=["missing", "without a vector of a norm", "too many", "of another shape", "of other agents"],
)
def test_files_that_do_not_fit_are_refused(published: Any, tmp_path: Path, changed: Any, message: str) -> None:
    kept = {key: value for key, value in ({**published[0], **changed}).items() if value is not None}
    torch.save(kept, tmp_path / "bad.pth")
    with pytest.raises(CheckpointError, match=message) as caught:
        convert("colormamba", [tmp_path / "bad.pth"], tmp_path / "checkpoint")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pth"]

"""What is particular to the Dynamic U-Net: how it grows around an encoder, how it starts."""

from typing import Any

import pytest
import torch

from colorizer_hf.models.dynamic_unet import DynamicUNetConfig, DynamicUNetModel, SubPixelUpsampling
from tests.tiny_networks import TINY_RESNET

CONVNEXT: dict[str, Any] = {"model_type": "convnext", "hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 1, 1]}


@pytest.mark.parametrize("stem", ["lifted", "summed"])
@pytest.mark.parametrize(
    ("options", "skips"),
    [
        ({"backbone_config": TINY_RESNET}, [8, 8, 12, 16]),
        ({"backbone_config": CONVNEXT}, [8, 12, 16]),  # its stem divides the size by four at once
        ({"backbone": "efficientnet_lite0"}, [16, 24, 40, 112]),
    ],
    ids=["resnet", "convnext", "efficientnet_lite0"],
)
def test_the_decoder_takes_every_map_of_any_encoder(options: dict[str, Any], skips: list[int], stem: Any) -> None:
    model = DynamicUNetModel(DynamicUNetConfig(**options, stem=stem, decoder_width=0.25)).eval()
    joined = [level.skip_norm.num_features for level in model.levels]
    assert joined == [*reversed(skips), *([3] if stem == "lifted" else [])]
    assert model(torch.rand(1, 1, 64, 32)).chroma.shape == (1, 2, 64, 32)


def test_starts_nearly_gray() -> None:
    model = DynamicUNetModel(DynamicUNetConfig(backbone_config=TINY_RESNET, decoder_width=0.25))
    assert model(torch.rand(2, 1, 64, 64)).chroma.abs().mean() < 0.05


def test_starts_without_a_checkerboard() -> None:
    upsampling = next(
        m
        for m in DynamicUNetModel(DynamicUNetConfig(backbone_config=TINY_RESNET)).modules()
        if isinstance(m, SubPixelUpsampling)
    )
    doubled = upsampling(torch.randn(1, upsampling.in_channels, 5, 5))
    assert doubled.shape[-2:] == (10, 10)
    for same in (doubled[..., 1::2, ::2], doubled[..., ::2, 1::2], doubled[..., 1::2, 1::2]):
        torch.testing.assert_close(same, doubled[..., ::2, ::2])


@pytest.mark.parametrize("options", [{"backbone_config": TINY_RESNET}, {"backbone": "efficientnet_lite0"}], ids=str)
def test_a_lifted_luminance_starts_as_the_encoders_weights_expect_it(options: dict[str, Any]) -> None:
    model = DynamicUNetModel(DynamicUNetConfig(**options, decoder_width=0.25))
    luminance = torch.rand(2, 1, 8, 8)
    assert model.lift is not None
    torch.testing.assert_close(model.lift(luminance), model.backbone.normalize(luminance).expand(-1, 3, -1, -1))

"""The reproduced networks at their published sizes: parameters and multiply-accumulates, to the last one.

The figures were counted from the reference code of each network (`torch.utils.flop_counter`, convolutions and matrix
products, one picture of 256 x 256); those of the Dynamic U-Net are fastai 2.7.19's own.
"""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from colorizer_hf.models.colormamba import ColorMambaConfig, ColorMambaModel
from colorizer_hf.models.dynamic_unet import DynamicUNetConfig, DynamicUNetModel
from colorizer_hf.models.eccv16 import Eccv16Config, Eccv16Model
from colorizer_hf.models.instance_fusion import InstanceFusionConfig, InstanceFusionModel
from colorizer_hf.models.siggraph17 import GlobalHints, Siggraph17Config, Siggraph17Model
from colorizer_hf.models.unet import Pix2PixUNetConfig, Pix2PixUNetModel, UNetConfig, UNetModel
from train.parts.discriminator import PatchDiscriminator, PatchDiscriminatorConfig


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def multiply_accumulates(network: nn.Module, channels: int) -> float:
    """In billions."""
    with torch.device("meta"):
        picture = torch.zeros(1, channels, 256, 256)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.to("meta").eval()(picture)
    return counter.get_total_flops() / 2e9


@pytest.mark.parametrize(
    ("network", "count", "gmacs"),
    [
        (lambda: UNetModel(UNetConfig()), 31_036_546, 48.10),
        (lambda: UNetModel(UNetConfig(depth=3)), 7_699_074, 36.69),
        (lambda: Pix2PixUNetModel(Pix2PixUNetConfig()), 54_409_858, 5.98),
        (lambda: Pix2PixUNetModel(Pix2PixUNetConfig(depth=7)), 41_824_898, 5.96),
        (lambda: Pix2PixUNetModel(Pix2PixUNetConfig(depth=6, width=32)), 7_312_706, 1.48),
        (lambda: DynamicUNetModel(DynamicUNetConfig()), 31_498_548, 32.05),
        (lambda: DynamicUNetModel(DynamicUNetConfig(stem="summed")), 31_099_672, 28.43),
        (lambda: Eccv16Model(Eccv16Config()), 32_236_011, 41.77),
        (lambda: Siggraph17Model(Siggraph17Config()), 34_187_027, 75.75),
        (lambda: Siggraph17Model(Siggraph17Config(class_head=False)), 34_051_074, 75.20),
    ],
    ids=[
        "unet",
        "unet 8x",
        "pix2pix 256",
        "pix2pix 128",
        "small pix2pix",
        "dynamic lifted",
        "dynamic summed",
        "eccv16",
        "siggraph17",
        "siggraph17 without class head",
    ],
)
def test_generators(network, count: int, gmacs: float) -> None:
    model = network()
    assert parameters(model) == count
    assert multiply_accumulates(model, 1) == pytest.approx(gmacs, abs=0.0051)


@pytest.mark.parametrize(("stem", "count"), [("lifted", 11_176_518), ("summed", 11_170_240)])
def test_encoder_of_the_dynamic_u_net(stem: Any, count: int) -> None:
    model = DynamicUNetModel(DynamicUNetConfig(stem=stem))
    assert parameters(model.backbone) + (parameters(model.lift) if model.lift else 0) == count


def test_global_hints_of_siggraph17() -> None:
    """Its four batch norms have weights here, 4,096 of them; those of the released Caffe model have none."""
    assert parameters(GlobalHints(512)) == 950_784 + 4_096
    trunk = Siggraph17Model(Siggraph17Config(global_hints=True, class_head=False))
    assert parameters(trunk) == 34_051_074 - 3 * 64 * 9 + 950_784 + 4_096


class TestInstanceFusion:
    MAPS = (  # channels and side of what is fused, in a picture of 256 x 256
        *((64, 256), (128, 128), (256, 64), (512, 32), (512, 32), (512, 32), (512, 32)),
        *((256, 64), (256, 64), (128, 128), (128, 128), (128, 256), (128, 256)),
    )

    @pytest.fixture
    def model(self) -> InstanceFusionModel:
        with torch.device("meta"):
            return InstanceFusionModel(InstanceFusionConfig())

    def test_parameters(self, model: InstanceFusionModel) -> None:
        class_head, never_called = 135_953, 5_538  # both are in the authors' files, and do nothing
        assert parameters(model.fusions) == 1_083_804 - never_called
        without_boxes_aside = parameters(model) - parameters(model.full)
        assert without_boxes_aside == 69_457_858 - 2 * class_head - never_called
        model.train_fusion_only()
        trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        assert trained == 1_226_108

    def test_multiply_accumulates(self, model: InstanceFusionModel) -> None:
        assert multiply_accumulates(model, 1) == pytest.approx(75.20, abs=0.0051)
        maps = [torch.zeros(1, channels, side, side, device="meta") for channels, side in self.MAPS]
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            fusions: Any = model.fusions.values()
            for fusion, feature_map in zip(fusions, maps, strict=True):
                fusion.whole(feature_map)
        assert counter.get_total_flops() / 2e9 == pytest.approx(5.32, abs=0.0051)


class TestColorMamba:
    """Parameters of an independent build from the table of its layers."""

    @pytest.fixture
    def model(self) -> ColorMambaModel:
        with torch.device("meta"):
            return ColorMambaModel(ColorMambaConfig())

    def test_in_all(self, model: ColorMambaModel) -> None:
        assert parameters(model) == 100_244_135

    def test_for_hsv(self, model: ColorMambaModel) -> None:
        hsv = model.hsv
        parts = [parameters(part) for part in (hsv.encoder, hsv.edge_encoder, hsv.ups, hsv.decoder, hsv.head)]
        assert parts == [7_957_380, 7_956_228, 2_786_240, 9_402_240, 1_731]
        assert parameters(hsv) == 28_103_819

    def test_for_rgb(self, model: ColorMambaModel) -> None:
        rgb: Any = model.rgb
        assert sum(parameters(down.conv) for down in rgb.downs) == 19_533_760
        assert [parameters(down.mamba) for down in rgb.downs[:3]] == [207_941, 653_658, 2_382_981]
        assert [parameters(down.mamba.block) for down in rgb.downs[:3]] == [170_885, 505_818, 1_792_389]
        decoder = [4_194_816, 8_389_120, 8_389_120, 16_649_984, 7_145_472, 2_229_376, 1_303_232, 917_568]
        assert [parameters(up) for up in rgb.ups] == decoder
        assert [parameters(part) for part in (rgb.fusion, rgb.cross, rgb.head)] == [16_564, 124_993, 1_731]
        assert parameters(rgb) == 72_140_316

    def test_a_learned_frame_has_a_weight_for_each_channel_of_nine_blocks(self) -> None:
        with torch.device("meta"):
            assert parameters(ColorMambaModel(ColorMambaConfig(learned_frame=True))) == 100_244_135 + 1_344

    def test_a_quarter_of_the_width_is_about_a_sixteenth(self) -> None:
        with torch.device("meta"):
            scan, plain = (ColorMambaModel(ColorMambaConfig(width=16, mixer=one)) for one in ("scan", "convolution"))
        assert (parameters(scan), parameters(plain)) == (6_723_935, 6_614_063)


@pytest.mark.parametrize(
    ("options", "count", "gmacs", "side"),
    [
        ({}, 2_765_633, 3.15, 30),
        ({"all_strided": True}, 2_765_633, 1.66, 15),
        ({"in_channels": 6}, 2_768_705, 3.20, 30),
        ({"spectral_norm": True, "bound_ends": False}, 2_764_737, 3.15, 30),
    ],
    ids=["patches of 70", "patches of 94", "pairs of pictures", "of ColorMamba"],
)
def test_discriminator(options: dict, count: int, gmacs: float, side: int) -> None:
    network = PatchDiscriminator(PatchDiscriminatorConfig(**options))
    channels = network.config.in_channels
    with torch.no_grad():
        assert network(torch.zeros(1, channels, 256, 256)).shape == (1, 1, side, side)
    assert parameters(network) == count
    assert multiply_accumulates(network, channels) == pytest.approx(gmacs, abs=0.0051)


def test_the_vectors_of_the_spectral_norms_of_colormambas_discriminator() -> None:
    network = PatchDiscriminator(PatchDiscriminatorConfig(spectral_norm=True, bound_ends=False))
    assert sum(value.numel() for value in network.state_dict().values()) == 2_772_801

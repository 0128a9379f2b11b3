"""ColorMamba: what it sees of a frame, what it gives, and that its parts do what they are there for."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from colorizer_hf.color import lab_to_rgb, rgb_to_lab
from colorizer_hf.models.colormamba import (
    ColorMambaConfig,
    ColorMambaModel,
    as_hsv,
    gray_of,
    stretched,
    texture,
)
from colorizer_hf.models.mamba_block import StateSpaceBlock, along_directions, join_directions
from tests.tiny_networks import TINY_COLORMAMBA


def make(**options: Any) -> Any:
    """A network whose parts all have their say."""
    torch.manual_seed(0)
    model = ColorMambaModel(ColorMambaConfig(**TINY_COLORMAMBA | options)).eval()
    nn.init.ones_(model.rgb.cross.gamma)
    return model


def frames(batch: int = 2, height: int = 64, width: int = 64) -> Tensor:
    return 0.1 + 0.6 * torch.rand(batch, 1, height, width, generator=torch.Generator().manual_seed(1))


class TestWhatItSees:
    def test_a_luminance_is_the_gray_of_the_file_again(self) -> None:
        grays = torch.linspace(0, 1, 256).view(1, 1, 16, 16)
        luminance, _ = rgb_to_lab(grays.expand(-1, 3, -1, -1))
        torch.testing.assert_close(gray_of(luminance), grays, atol=2e-5, rtol=0)

    def test_every_frame_at_its_full_contrast(self) -> None:
        low, high = stretched(frames()).aminmax()
        assert low == 0
        assert 0.9999 < high < 1

    def test_the_style_is_the_stretched_hsv_that_pillow_makes(self) -> None:
        codes = (255 * frames(1)).byte()
        picture = Image.fromarray(codes[0, 0].numpy()).convert("RGB").convert("HSV")
        hsv = np.asarray(picture).astype(np.float64)
        expected = torch.tensor((hsv - hsv.min()) / (hsv.max() - hsv.min() + 0.001)).movedim(-1, 0)[None].float()
        torch.testing.assert_close(as_hsv(codes / 255), expected)

    def test_the_texture_is_the_laplacian(self) -> None:
        frame = torch.zeros(1, 1, 5, 6)
        frame[..., 2, 3] = 1
        expected = torch.full((5, 6), 4 / 5)  # 0 lies there, between -4 and 1 of 255
        expected[2, 3] = 0
        expected[[1, 3, 2, 2], [3, 3, 2, 4]] = 1
        torch.testing.assert_close(texture(frame, "correct")[0, 0], expected)

    def test_as_published_columns_of_it_never_mix(self) -> None:
        frame = torch.zeros(1, 1, 5, 6)
        frame[..., 2, 3] = 1
        expected = torch.full((5, 6), 2 / 3)
        expected[2, 3] = 0
        expected[[1, 3], [3, 3]] = 1
        torch.testing.assert_close(texture(frame, "published")[0, 0], expected)

    @pytest.mark.parametrize("laplacian", ["correct", "published"])
    def test_an_even_frame_has_no_texture(self, laplacian: Any) -> None:
        assert not texture(torch.full((1, 1, 8, 8), 0.5), laplacian).any()
        assert make(laplacian=laplacian)(torch.full((1, 1, 64, 64), 0.5)).chroma.isfinite().all()

    def test_both_textures_give_different_pictures(self) -> None:
        with torch.no_grad():
            assert not torch.equal(*(make(laplacian=one).predict(frames()).rgb for one in ("correct", "published")))


class TestWhatItGives:
    @torch.no_grad()
    def test_pictures_in_their_ranges(self) -> None:
        hsv, rgb = make().predict(frames(2, 64, 128))
        assert hsv.shape == rgb.shape == (2, 3, 64, 128)
        assert hsv.abs().max() <= 1
        assert rgb.min() >= 0
        assert rgb.max() <= 1

    @torch.no_grad()
    def test_luminance_and_chroma_are_those_of_the_picture(self) -> None:
        model = make()
        luminance, _ = rgb_to_lab(frames().expand(-1, 3, -1, -1))
        output = model(luminance)
        assert output.luminance is not None
        rgb = lab_to_rgb(output.luminance, output.chroma)
        torch.testing.assert_close(rgb, model.predict(frames()).rgb, atol=2e-3, rtol=0)

    @pytest.mark.parametrize("laplacian", ["correct", "published"])
    @torch.no_grad()
    def test_frames_of_a_batch_do_not_leak_into_each_other(self, laplacian: str) -> None:
        model = make(laplacian=laplacian)
        order = torch.tensor([2, 0, 1])
        torch.testing.assert_close(
            model.predict(frames(3)[order]).rgb, model.predict(frames(3)).rgb[order], atol=1e-5, rtol=0
        )

    @torch.no_grad()
    def test_at_its_published_size_with_a_bottleneck_of_one_cell(self) -> None:
        with torch.device("meta"):
            model = ColorMambaModel(
                ColorMambaConfig(mixer="convolution")
            ).train()  # scans take long, even without numbers
            frame = torch.zeros(1, 1, 256, 256)
        seen = []
        model.rgb.downs[-1].register_forward_hook(lambda _, __, output: seen.append(output.shape))
        hsv, rgb = model.predict(frame)
        assert seen == [(1, 512, 1, 1)]
        assert hsv.shape == rgb.shape == (1, 3, 256, 256)


class TestParts:
    @torch.no_grad()
    def test_at_first_the_head_does_not_look_around(self) -> None:
        model = make()
        nn.init.zeros_(model.rgb.cross.gamma)
        before = model.predict(frames()).rgb
        for part in (model.rgb.cross.query, model.rgb.cross.key, model.rgb.cross.value):
            for parameter in part.parameters():
                parameter.normal_()
        assert torch.equal(model.predict(frames()).rgb, before)
        nn.init.ones_(model.rgb.cross.gamma)
        assert not torch.equal(model.predict(frames()).rgb, before)

    def test_the_edges_encoder_begins_like_the_main_one(self) -> None:
        model = make()
        for level in range(1, 5):
            main, edges = (encoder[level].state_dict() for encoder in (model.hsv.encoder, model.hsv.edge_encoder))
            assert all(torch.equal(value, edges[key]) for key, value in main.items())
        first, of_edges = model.hsv.encoder[0].conv2, model.hsv.edge_encoder[0].conv2
        assert not torch.equal(first.weight, of_edges.weight)

    def test_losses_of_the_rgb_train_the_hsv(self) -> None:
        model = make()
        model.predict(frames()).rgb.mean().backward()
        assert model.hsv.head.weight.grad.abs().sum() > 0

    def test_directions_are_undone(self) -> None:
        x = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
        ways = along_directions(x)
        assert ways[0, 1, 0, :5].tolist() == [0, 5, 10, 15, 1]
        assert torch.equal(ways[:, 2:], ways[:, :2].flip(-1))
        assert torch.equal(join_directions(ways, 4), 4 * x)

    @torch.no_grad()
    def test_a_frame_of_zeros_learns_where_it_may(self) -> None:
        torch.manual_seed(0)
        block = StateSpaceBlock(8, 2, "scan", True).eval()
        tokens = torch.randn(1, 6, 7, 8)
        zeros = StateSpaceBlock(8, 2, "scan", False).eval()
        zeros.load_state_dict({key: value for key, value in block.state_dict().items() if key != "frame"})
        assert torch.equal(block(tokens), zeros(tokens))
        assert block.frame is not None
        block.frame.fill_(1)
        assert not torch.equal(block(tokens), zeros(tokens))

    def test_step_sizes_begin_between_a_thousandth_and_a_tenth(self) -> None:
        steps = nn.functional.softplus(make().rgb.downs[0].mamba.block.scan.dt_projs_bias)
        assert 0.999e-3 < steps.min() < 2e-3
        assert 0.05 < steps.max() < 0.1001

    def test_the_control_has_no_scans(self) -> None:
        keys = make(mixer="convolution").state_dict()
        assert not [key for key in keys if "A_logs" in key]
        assert "rgb.downs.0.mamba.block.scan.weight" in keys


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 12}, "width must be a multiple of 8, got 12"),
        ({"width": 0}, "width must be a multiple of 8, got 0"),
        ({"depth": 5}, "depth must be at least 6, got 5"),
        ({"state_size": 0}, "state_size must be at least 1, got 0"),
    ],
)
def test_sizes_that_make_no_network_are_refused(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ColorMambaConfig(**options)

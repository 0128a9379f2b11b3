"""Flow matching on a toy with two answers: a sampler gives both, a regression would give neither."""

import pytest
import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from torch import Tensor

from train.parts.flow import draw, flow_loss

SIZE, BATCH, LENGTH = 8, 32, 300


def toy_colors(luminance: Tensor) -> Tensor:
    """(B, 2, h, w): what one of the two answers is for luminance (B, 1, h, w); the other is its opposite."""
    direction = torch.tensor([1.0, -0.6]).view(1, 2, 1, 1)
    return direction * (0.5 + luminance)


@pytest.fixture(scope="module")
def learned() -> UNet2DModel:
    torch.manual_seed(0)
    unet = UNet2DModel(
        in_channels=3,
        out_channels=2,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
        attention_head_dim=16,
    )
    optimizer = torch.optim.AdamW(unet.parameters(), 1e-3)
    generator = torch.Generator().manual_seed(1)
    for step in range(LENGTH):
        optimizer.param_groups[0]["lr"] = 1e-3 * min(1, (step + 1) / 20, 3 * (1 - step / LENGTH))
        luminance = torch.rand(BATCH // 2, 1, SIZE, SIZE, generator=generator)
        both = torch.cat([toy_colors(luminance), -toy_colors(luminance)])
        loss = flow_loss(unet, both, luminance.repeat(2, 1, 1, 1), generator).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1)
        optimizer.step()
    return unet.eval()


def test_four_steps_give_both_answers_whole_and_with_all_of_their_colour(learned: UNet2DModel) -> None:
    generator = torch.Generator().manual_seed(2)
    luminance = torch.rand(512, 1, SIZE, SIZE, generator=generator)
    samples, answer = draw(learned, luminance, 4, generator), toy_colors(luminance)
    share = (samples * answer).sum(dim=1) / answer.square().sum(dim=1)  # (B, h, w): 1 is one answer, -1 the other
    mean = share.mean(dim=(1, 2))
    assert mean.abs().mean() > 0.9
    assert 0.25 < (mean > 0).float().mean() < 0.75
    assert share.std(dim=(1, 2)).mean() < 0.1

"""The loss of flow matching, and colours drawn while a sampler learns."""

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from colorizer_hf.models.chroma_flow import TIMESTEPS, noised, sample_flow


def flow_loss(unet: UNet2DModel, target: Tensor, conditions: Tensor, generator: torch.Generator) -> Tensor:
    """Mean squared error of the velocity at a random place of each path (L2: L1 gives less diverse samples).

    Args:
        unet: Takes noisy colours and conditions, one after the other.
        target: (B, 2, h, w), in units of the noise.
        conditions: (B, C, h, w).
        generator: Decides places, which are logit-normal (Esser et al. 2024), and noise; on the CPU.

    Returns:
        (B,).
    """
    noise = torch.randn(target.shape, generator=generator).to(target.device)
    s = torch.randn(len(target), generator=generator).to(target.device).sigmoid()
    inputs = torch.cat([noised(target, noise, s), conditions], dim=1)
    velocity = unet(inputs, s * TIMESTEPS).sample
    return (velocity - (noise - target)).square().mean(dim=(1, 2, 3))


@torch.no_grad()
def draw(unet: UNet2DModel, conditions: Tensor, steps: int, generator: torch.Generator) -> Tensor:
    """Samples (B, 2, h, w), in units of the noise, one for each photo of (B, C, h, w)."""
    noise = torch.randn(len(conditions), 2, *conditions.shape[-2:], generator=generator).to(conditions.device)
    return sample_flow(unet, FlowMatchEulerDiscreteScheduler(), noise, conditions, steps=steps)

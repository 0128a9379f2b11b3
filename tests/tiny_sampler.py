"""A sampler that is small enough for tests."""

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler

from colorizer_hf.diffusion_pipeline import ColorizationDiffusionPipeline
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.chroma_flow import condition_channels
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from tests.tiny_networks import TINY_CHROMAFORMER


def tiny_sampler(channels: int | None = None) -> ColorizationDiffusionPipeline:
    """A pipeline that draws colours; its UNet takes as many channels as it should unless a number is given."""
    torch.manual_seed(0)
    encoder = ChromaFormerModel(ChromaFormerConfig(**TINY_CHROMAFORMER)).eval()
    unet = UNet2DModel(
        in_channels=channels or 2 + condition_channels(encoder),
        out_channels=2,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=4,
        attention_head_dim=8,
    ).eval()
    pipe = ColorizationDiffusionPipeline(
        unet, FlowMatchEulerDiscreteScheduler(), encoder, ColorizerImageProcessor(64, 32), size=64
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe

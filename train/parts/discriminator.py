"""The patch discriminator of the GAN baseline.

Isola, Zhu, Zhou, Efros 2017, "Image-to-Image Translation with Conditional Adversarial Networks", section 3.2.2: it says
of every patch whether luminance and chroma belong to a real photograph. Spectral norm: Miyato et al. 2018.
"""

import torch
from huggingface_hub.dataclasses import strict
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from transformers import PreTrainedConfig, PreTrainedModel


@strict
class PatchDiscriminatorConfig(PreTrainedConfig):
    """Size and form.

    Attributes:
        in_channels: Of the picture that is judged: L, a and b, for example.
        width: Channels of the first convolution; doubled by each of the next three.
        all_strided: Stride 2 in the fourth convolution too: patches of 94 pixels, not 70, and a quarter of the logits.
        spectral_norm: Bound the norms of convolutions instead of normalising batches.
        bound_ends: Of the first and the last convolution too; ColorMamba leaves them free.
    """

    model_type = "patch_discriminator"

    in_channels: int = 3
    width: int = 64
    all_strided: bool = False
    spectral_norm: bool = False
    bound_ends: bool = True


class PatchDiscriminator(PreTrainedModel):
    """Five convolutions of 4 x 4; the published one has 2,765,633 parameters."""

    config_class = PatchDiscriminatorConfig
    main_input_name = "picture"

    def __init__(self, config: PatchDiscriminatorConfig) -> None:
        super().__init__(config)
        widths = [config.width * 2**i for i in range(4)]
        strides = [2, 2, 2, 2 if config.all_strided else 1]
        layers: list[nn.Module] = []
        channels = config.in_channels
        for i, (width, stride) in enumerate(zip(widths, strides, strict=True)):
            has_norm = i > 0 and not config.spectral_norm
            layers.append(nn.Conv2d(channels, width, 4, stride, padding=1, bias=not has_norm))
            layers += [nn.BatchNorm2d(width)] if has_norm else []
            layers.append(nn.LeakyReLU(0.2))
            channels = width
        layers.append(nn.Conv2d(channels, 1, 4, padding=1))
        self.layers = nn.Sequential(*layers)
        self.post_init()
        if config.spectral_norm:
            convolutions = [layer for layer in self.layers if isinstance(layer, nn.Conv2d)]
            for layer in convolutions if config.bound_ends else convolutions[1:-1]:
                spectral_norm(layer)

    def forward(self, picture: Tensor) -> Tensor:
        """Logits of the patches, (B, 1, h, w); positive where they look real.

        Args:
            picture: (B, C, H, W) in about [-1, 1]; at least 32 pixels a side.
        """
        return self.layers(picture)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)

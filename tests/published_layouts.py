"""Published networks built from their tables of layers, with their authors' names for the weights.

Independent of the package: what a converted checkpoint must reproduce. `width` is 64 as published.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _block(
    widths: Sequence[int], *, dilation: int = 1, last_stride: int = 1, relu_first: bool = False
) -> nn.Sequential:
    layers: list[nn.Module] = [nn.ReLU()] if relu_first else []
    for i in range(len(widths) - 1):
        stride = last_stride if i == len(widths) - 2 else 1
        layers += [nn.Conv2d(widths[i], widths[i + 1], 3, stride, dilation, dilation), nn.ReLU()]
    return nn.Sequential(*layers, nn.BatchNorm2d(widths[-1]))


def randomize(network: nn.Module, *, affine_norms: bool = True) -> nn.Module:
    """Random weights of a size at which every layer has its say, in evaluation mode."""
    generator = torch.Generator().manual_seed(7)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            fan_in = module.weight[0].numel() if isinstance(module, nn.Conv2d) else module.weight[:, 0].numel() / 4
            module.weight.data.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.data.normal_(0, 0.1, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0.3, 0.1, generator=generator)  # ty: ignore[missing-union-attribute]
            module.running_var.uniform_(0.5, 1.5, generator=generator)  # ty: ignore[missing-union-attribute]
            if affine_norms:
                module.weight.data.normal_(1, 0.1, generator=generator)
                module.bias.data.normal_(0, 0.1, generator=generator)
    return network.eval()


class PublishedSiggraph17(nn.Module):
    """Zhang et al. 2017 as in the training code and in both packages."""

    def __init__(self, width: int = 64, in_channels: int = 4) -> None:
        super().__init__()
        a, b, c, d = width, 2 * width, 4 * width, 8 * width
        self.model1 = _block([in_channels, a, a])
        self.model2 = _block([a, b, b])
        self.model3 = _block([b, c, c, c])
        self.model4 = _block([c, d, d, d])
        self.model5 = _block([d, d, d, d], dilation=2)
        self.model6 = _block([d, d, d, d], dilation=2)
        self.model7 = _block([d, d, d, d])
        self.model8up = nn.Sequential(nn.ConvTranspose2d(d, c, 4, 2, 1))
        self.model3short8 = nn.Sequential(nn.Conv2d(c, c, 3, 1, 1))
        self.model8 = _block([c, c, c], relu_first=True)
        self.model9up = nn.Sequential(nn.ConvTranspose2d(c, b, 4, 2, 1))
        self.model2short9 = nn.Sequential(nn.Conv2d(b, b, 3, 1, 1))
        self.model9 = _block([b, b], relu_first=True)
        self.model10up = nn.Sequential(nn.ConvTranspose2d(b, b, 4, 2, 1))
        self.model1short10 = nn.Sequential(nn.Conv2d(a, b, 3, 1, 1))
        self.model10 = nn.Sequential(nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1), nn.LeakyReLU(0.2))
        self.model_class = nn.Sequential(nn.Conv2d(c, 529, 1))
        self.model_out = nn.Sequential(nn.Conv2d(b, 2, 1), nn.Tanh())

    def forward(self, lightness: Tensor, ab: Tensor, mask: Tensor, mask_center: float) -> tuple[Tensor, Tensor]:
        """Lab a and b, and logits, from Lab L, a and b of hints and their mask."""
        return self.run(torch.cat([(lightness - 50) / 100, ab / 110, mask - mask_center], dim=1))

    def run(self, x: Tensor, added: Tensor | float = 0.0) -> tuple[Tensor, Tensor]:
        one = self.model1(x)
        two = self.model2(one[:, :, ::2, ::2])
        three = self.model3(two[:, :, ::2, ::2])
        seven = self.model7(self.model6(self.model5(self.model4(three[:, :, ::2, ::2]) + added)))
        eight = self.model8(self.model8up(seven) + self.model3short8(three))
        nine = self.model9(self.model9up(eight) + self.model2short9(two))
        ten = self.model10(self.model10up(nine) + self.model1short10(one))
        return 110 * self.model_out(ten), self.model_class(eight)


class PublishedGlobalHints(PublishedSiggraph17):
    """Its variant for global hints, whose branch is called as in the released Caffe model."""

    def __init__(self, width: int = 64) -> None:
        super().__init__(width, in_channels=1)
        d = 8 * width
        self.glob_conv1, self.s_conv1 = nn.Conv2d(314, d, 1), nn.Conv2d(2, d, 1)
        self.s_glob_conv1norm = nn.BatchNorm2d(d)
        for number in (2, 3, 4):
            setattr(self, f"glob_conv{number}", nn.Conv2d(d, d, 1))
            setattr(self, f"glob_conv{number}norm", nn.BatchNorm2d(d))

    def color(self, lightness: Tensor, histogram: Tensor, saturation: Tensor) -> Tensor:
        """Lab a and b from Lab L, (B, 314) histogram and indicator, (B, 2) saturation and indicator."""
        x = self.glob_conv1(histogram[:, :, None, None]) + self.s_conv1(saturation[:, :, None, None])
        x = self.s_glob_conv1norm(x.relu())
        for number in (2, 3, 4):
            x = getattr(self, f"glob_conv{number}norm")(getattr(self, f"glob_conv{number}")(x).relu())
        return self.run((lightness - 50) / 100, added=x)[0]


class PublishedEccv16(nn.Module):
    """Zhang et al. 2016 as in the demonstration package."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        a, b, c, d = width, 2 * width, 4 * width, 8 * width
        self.model1 = _block([1, a, a], last_stride=2)
        self.model2 = _block([a, b, b], last_stride=2)
        self.model3 = _block([b, c, c, c], last_stride=2)
        self.model4 = _block([c, d, d, d])
        self.model5 = _block([d, d, d, d], dilation=2)
        self.model6 = _block([d, d, d, d], dilation=2)
        self.model7 = _block([d, d, d, d])
        convolutions = [nn.Conv2d(c, c, 3, 1, 1), nn.ReLU(), nn.Conv2d(c, c, 3, 1, 1), nn.ReLU(), nn.Conv2d(c, 313, 1)]
        self.model8 = nn.Sequential(nn.ConvTranspose2d(d, c, 4, 2, 1), nn.ReLU(), *convolutions)
        self.model_out = nn.Conv2d(313, 2, 1, bias=False)

    def forward(self, lightness: Tensor) -> Tensor:
        """Lab a and b."""
        x = (lightness - 50) / 100
        for number in range(1, 9):
            x = getattr(self, f"model{number}")(x)
        small = self.model_out(x.softmax(dim=1))
        return 110 * F.interpolate(small, scale_factor=4, mode="bilinear", align_corners=False)

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


class PublishedWeights(nn.Module):
    """What weighs a map in Su, Chu, Huang 2020."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.simple_instance_conv, self.simple_bg_conv = (
            nn.Sequential(
                *(nn.Conv2d(channels, hidden, 3, 1, 1), nn.ReLU()),
                *(nn.Conv2d(hidden, hidden, 3, 1, 1), nn.ReLU()),
                *(nn.Conv2d(hidden, 1, 3, 1, 1), nn.ReLU()),
            )
            for _ in range(2)
        )

    def forward(self, seen: Tensor, whole: Tensor, boxes: Sequence[Sequence[float]]) -> Tensor:
        """Mix maps of things (N, C, s, s), with boxes in shares of the sides, into one of the whole (1, C, S, S)."""
        side = whole.shape[-1]
        features, logits, covered = [], [], torch.zeros(1, 1, side, side)
        for one, box in zip(seen.split(1), boxes, strict=True):
            left, top, right, bottom = (int(share * side) for share in box)
            for layer, placed in ((one, features), (self.simple_instance_conv(one), logits)):
                inside = F.interpolate(layer, (bottom - top, right - left), mode="bilinear", align_corners=False)
                placed.append(F.pad(inside, (left, side - right, top, side - bottom)))
            covered[..., top:bottom, left:right] = 1
        logits.append(self.simple_bg_conv(whole) + 1e5 * (1 - covered))
        weights = torch.cat(logits, dim=1).softmax(dim=1)
        return sum((layer * weights[:, i : i + 1] for i, layer in enumerate([*features, whole])), torch.zeros(()))


class PublishedInstance(PublishedSiggraph17):
    """The network of Su, Chu, Huang 2020 that sees things."""

    def see(self, lightness: Tensor) -> list[Tensor]:
        """The thirteen maps of things (N, 1, s, s). ReLUs work in place there, so the sums are kept after theirs."""
        x = torch.cat([(lightness - 50) / 100, torch.zeros_like(lightness).repeat(1, 2, 1, 1)], dim=1)
        one = self.model1(torch.cat([x, torch.full_like(lightness, -0.5)], dim=1))
        two = self.model2(one[:, :, ::2, ::2])
        three = self.model3(two[:, :, ::2, ::2])
        maps = [one, two, three, self.model4(three[:, :, ::2, ::2])]
        for block in (self.model5, self.model6, self.model7):
            maps.append(block(maps[-1]))
        for up, short, block, skipped in (
            (self.model8up, self.model3short8, self.model8, three),
            (self.model9up, self.model2short9, self.model9, two),
            (self.model10up, self.model1short10, self.model10, one),
        ):
            added = (up(maps[-1]) + short(skipped)).relu()
            maps += [added, block(added)]
        return maps


class PublishedFusion(PublishedSiggraph17):
    """The network of Su, Chu, Huang 2020 that colours a photograph with things in it."""

    def __init__(self, width: int = 64, hidden: int = 16) -> None:
        super().__init__(width)
        shares = (1, 2, 4, 8, 8, 8, 8, 4, 4, 2, 2, 2, 2)
        names = ("", *range(2, 8), "8_1", "8_2", "9_1", "9_2", "10_1", "10_2")
        for name, share in zip(names, shares, strict=True):
            setattr(self, f"weight_layer{name}", PublishedWeights(share * width, hidden))
        self.weight_layerout = PublishedWeights(2, hidden)  # never called

    def color(self, lightness: Tensor, seen: Sequence[Tensor], boxes: Sequence[Sequence[float]]) -> Tensor:
        """Lab a and b of a photograph (1, 1, S, S) with the thirteen maps of its things."""
        maps = iter(seen)

        def weigh(name: str, whole: Tensor) -> Tensor:
            return getattr(self, f"weight_layer{name}")(next(maps), whole, boxes)

        x = torch.cat([(lightness - 50) / 100, torch.zeros_like(lightness).repeat(1, 2, 1, 1)], dim=1)
        one = weigh("", self.model1(torch.cat([x, torch.full_like(lightness, -0.5)], dim=1)))
        two = weigh("2", self.model2(one[:, :, ::2, ::2]))
        three = weigh("3", self.model3(two[:, :, ::2, ::2]))
        x = weigh("4", self.model4(three[:, :, ::2, ::2]))
        for number in (5, 6, 7):
            x = weigh(f"{number}", getattr(self, f"model{number}")(x))
        x = weigh("8_1", self.model8up(x) + self.model3short8(three))
        x = weigh("8_2", self.model8(x))
        x = weigh("9_1", self.model9up(x) + self.model2short9(two))
        x = weigh("9_2", self.model9(x))
        x = weigh("10_1", self.model10up(x) + self.model1short10(one))
        return 110 * self.model_out(weigh("10_2", self.model10(x)))

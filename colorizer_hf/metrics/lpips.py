"""LPIPS (Zhang, Isola, Efros, Shechtman, Wang 2018), version 0.1, without importing the package of that name.

The distance needs two sets of weights. The calibrated heads come from the files of the installed package `lpips`; it is
not imported, because it would import torchvision, and a torchvision that does not match torch breaks transformers.
The trunk's ImageNet weights are a safetensors file of the user's with torchvision's names (`features.N.weight`,
`features.N.bias`). Without true trunk weights there is no LPIPS: a number from a random trunk is something else.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import CheckpointError

# Mean and deviation of ImageNet for pictures in [-1, 1] (the package's scaling layer).
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


def _alexnet() -> nn.Sequential:
    """AlexNet's convolutions up to the last ReLU; the indices are torchvision's."""
    return nn.Sequential(
        *[nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)],
        *[nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)],
        *[nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()],
        *[nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()],
        *[nn.Conv2d(256, 256, 3, padding=1), nn.ReLU()],
    )


def _vgg16() -> nn.Sequential:
    """VGG16's convolutions up to the last ReLU; the indices are torchvision's."""
    layers: list[nn.Module] = []
    channels = 3
    for stage in ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)):
        for width in stage:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers[:-1])


# Trunk and the ReLUs whose outputs are compared.
TRUNKS: dict[str, tuple[Callable[[], nn.Sequential], tuple[int, ...]]] = {
    "alex": (_alexnet, (1, 4, 7, 9, 11)),
    "vgg": (_vgg16, (3, 8, 15, 22, 29)),
}


class Lpips(nn.Module):
    """The distance: features of both pictures, normalised, squared difference, calibrated weights, mean, sum.

    Args:
        trunk: "alex" (for reporting) or "vgg".
        weights: Safetensors file with the trunk's weights; further tensors in it, such as a classifier, are ignored.

    Raises:
        CheckpointError: the file cannot be read or belongs to another network, or the package `lpips` is not installed.
        ValueError: the trunk is unknown.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, trunk: str, weights: str | Path) -> None:
        super().__init__()
        if trunk not in TRUNKS:
            raise ValueError(f"trunk must be one of {', '.join(TRUNKS)}, got {trunk!r}")
        self.trunk = trunk
        build, self.taps = TRUNKS[trunk]
        self.features = build()
        self.features.load_state_dict(_trunk_weights(self.features, trunk, Path(weights)))
        self.heads = _heads(trunk)
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, picture: Tensor, truth: Tensor) -> Tensor:
        """Distance of each picture from its truth.

        Args:
            picture: (B, 3, H, W) RGB, uint8 or float in 0..255; H and W at least 32.
            truth: Like `picture`.

        Returns:
            (B,) float32, 0 for identical pictures; differentiable in float pictures.
        """
        total = picture.new_zeros(len(picture), dtype=self.shift.dtype)
        for ours, theirs, head in zip(self._features(picture), self._features(truth), self.heads, strict=True):
            total = total + ((ours - theirs) ** 2 * head).sum(dim=1).mean(dim=(1, 2))
        return total

    def _features(self, picture: Tensor) -> list[Tensor]:
        """Tapped features, unit length across the channels at every place."""
        x = (picture.to(self.shift.dtype) / 127.5 - 1 - self.shift) / self.scale
        tapped = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                tapped.append(x / (x.norm(dim=1, keepdim=True) + 1e-10))
        return tapped


def _trunk_weights(features: nn.Sequential, trunk: str, path: Path) -> dict[str, Tensor]:
    """The trunk's tensors out of a file, every one of them and of the right shape."""
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} cannot be read as LPIPS weights ({error}); give a safetensors file with the convolutions of "
            f"{trunk}, named features.N.weight and features.N.bias"
        ) from error
    weights = {}
    for name, expected in features.state_dict().items():
        found = tensors.get(f"features.{name}")
        if found is None or found.shape != expected.shape:
            what = "no" if found is None else f"shape {tuple(found.shape)} for"
            raise CheckpointError(
                f"{path} has {what} features.{name}, which {trunk} needs in shape {tuple(expected.shape)}; "
                f"give the weights of torchvision's network of that name"
            )
        weights[name] = found.float()
    return weights


def _heads(trunk: str) -> nn.ParameterList:
    """The calibrated weights (1, C, 1, 1) of the tapped features, from the files of the installed package."""
    package = find_spec("lpips")
    if package is None or not package.submodule_search_locations:
        raise CheckpointError(
            "LPIPS needs the calibrated weights of the package lpips, which is not installed; "
            "run pip install --no-deps lpips (without its dependencies, which would bring in torchvision)"
        )
    path = Path(package.submodule_search_locations[0]) / "weights" / "v0.1" / f"{trunk}.pth"
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    taps = len(TRUNKS[trunk][1])
    return nn.ParameterList([tensors[f"lin{k}.model.1.weight"] for k in range(taps)])


__all__ = ["TRUNKS", "Lpips"]

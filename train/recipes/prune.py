"""Cut the weakest channels out of a U-Net: a smaller network of the same kind, to be fine-tuned with recipe `gan`.

    python -m train.recipes.prune runs/student/model --ratio 0.5 --output runs/pruned
    python -m train.recipes.gan --config train/configs/gan/tune_pruned.yaml --data photos/ --output runs/tuned

Whole channels go, everywhere the same share and those with the least magnitude first (Li et al. 2017, "Pruning Filters
for Efficient ConvNets"), with Torch-Pruning following what hangs together (Fang et al. 2023, "DepGraph"). So the result
is faster, unlike one whose single weights are zero, and because the share is the same everywhere it is described by the
configuration's `width` alone. The Dynamic U-Net is not taken: Torch-Pruning does not follow its sub-pixel convolutions.
"""

import copy
from pathlib import Path
from typing import Annotated, Any

import torch
import torch_pruning
import typer
from torch import Tensor, nn

from colorizer_hf.errors import ColorizerError
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.unet import Pix2PixUNetModel, UNetModel
from train.parts.config import ConfigError
from train.parts.networks import save_network


class _Chroma(nn.Module):
    """What the pruner follows: a network whose output is a tensor."""

    def __init__(self, model: UNetModel | Pix2PixUNetModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, luminance: Tensor) -> Tensor:
        return self.model(luminance).chroma


def prune(model: ColorizerModel, ratio: float) -> UNetModel | Pix2PixUNetModel:
    """The U-Net without its weakest channels.

    Args:
        model: A plain or pix2pix U-Net; it stays as it is.
        ratio: Share of the channels to cut, in (0, 1); rounded so that a whole `width` remains.

    Raises:
        ConfigError: the network is of another kind, or nothing would remain of it.
    """
    if not isinstance(model, UNetModel | Pix2PixUNetModel):
        raise ConfigError(f"only U-Nets of kind unet and pix2pix_unet can be pruned, got a {model.config.model_type}")
    width = round(model.config.width * (1 - ratio))
    if not 0 < width < model.config.width:
        raise ConfigError(f"ratio must leave some of the {model.config.width} channels and not all, got {ratio}")
    doomed = copy.deepcopy(model).eval()
    side = 2 * model.config.size_multiple
    torch_pruning.pruner.BasePruner(
        _Chroma(doomed),
        torch.rand(1, 1, side, side),
        importance=torch_pruning.importance.MagnitudeImportance(p=2),
        pruning_ratio=1 - width / model.config.width,
        ignored_layers=[doomed.head],
    ).step()
    config: Any = copy.deepcopy(model.config)
    config.width = width
    pruned = type(model)(config)
    pruned.load_state_dict(doomed.state_dict())
    return pruned.eval()


def main(
    checkpoint: Annotated[str, typer.Argument(help="Folder, bundled name or Hub id of a U-Net.")],
    output: Annotated[Path, typer.Option(help="Folder of the smaller one.")],
    ratio: Annotated[float, typer.Option(help="Share of the channels to cut.")] = 0.5,
) -> None:
    """Cut the weakest channels out of a U-Net."""
    try:
        model = prune(load_model(checkpoint), ratio)
    except ColorizerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    save_network(model, output)


if __name__ == "__main__":
    typer.run(main)

"""Average the weights of several runs that began at the same ones.

    python -m train.recipes.average chromaformer runs/robust/model --output runs/average

What runs of different data have learnt on top of the same weights adds up: the mean is often better than each of them
(Wortsman et al. 2022, "Model soups"), and costs nothing when it is used.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer

from colorizer_hf.errors import ColorizerError
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import ColorizerModel
from train.parts.config import ConfigError
from train.parts.networks import save_network


def average(checkpoints: list[str]) -> ColorizerModel:
    """The network with the mean of the weights of several checkpoints.

    Raises:
        CheckpointError: one cannot be loaded.
        ConfigError: there are none, or their networks differ.
    """
    if not checkpoints:
        raise ConfigError("name the checkpoints to average")
    model, *others = (load_model(name) for name in checkpoints)
    state = model.state_dict()
    for name, other in zip(checkpoints[1:], others, strict=True):
        weights = other.state_dict()
        if {key: value.shape for key, value in weights.items()} != {key: value.shape for key, value in state.items()}:
            raise ConfigError(f"{name} is another network than {checkpoints[0]}; only weights of one kind have a mean")
    states = [state, *(other.state_dict() for other in others)]
    means = {
        key: torch.stack([one[key] for one in states]).mean(dim=0) if value.is_floating_point() else value
        for key, value in state.items()
    }
    model.load_state_dict(means)
    return model


def main(
    checkpoints: Annotated[list[str], typer.Argument(help="Bundled names, folders or Hub ids.")],
    output: Annotated[Path, typer.Option(help="Folder of the averaged checkpoint.")],
) -> None:
    """Average the weights of several runs."""
    try:
        model = average(checkpoints)
    except ColorizerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    save_network(model, output)


if __name__ == "__main__":
    typer.run(main)

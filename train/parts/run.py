"""One run of any recipe, from its configuration to `model/` and `result.json`; and the command line of a recipe."""

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from accelerate.utils import set_seed
from torch.utils.data import DataLoader

from colorizer_hf.color import CHROMA_SCALE, rgb_to_lab
from colorizer_hf.errors import ColorizerError, HubError, TrainingDataError
from colorizer_hf.metrics.nir_floors import to_batch

from .config import C, DataConfig, RunConfig, load_config, parse_settings
from .data import build_loader as build_photo_loader
from .data import read_photos
from .evaluation import build_evaluator
from .loop import Evaluator, Objective, Trainer
from .results import push_run, save_run

AVERAGED_PHOTOS = 2000  # stand for all training photographs where their colours are counted


def run(
    config: C,
    build_objective: Callable[[C], Objective],
    *,
    recipe: str,
    name: str,
    trainer_class: type[Trainer] = Trainer,
    mean_chroma: tuple[float, float] | None = None,
    build_loader: Callable[..., DataLoader[Any]] | None = None,
    evaluate: Evaluator | None = None,
) -> dict[str, Any]:
    """Train, evaluate, save and, if the run asks for it, publish.

    Args:
        config: The run.
        build_objective: Makes the network and its loss, after the seed is set.
        recipe: Name of the recipe.
        name: Name of the configuration.
        trainer_class: How a step is made.
        mean_chroma: Mean a and b of what is trained on, Lab units; None computes it from `config.data`.
        build_loader: (start=..., total=...) -> batches; None takes crops of the photographs of `config.data`.
        evaluate: What is measured; None measures what `config.evaluation` says.

    Returns:
        The record that is also written to `result.json`; empty but in the main process.

    Raises:
        ColorizerError: the data, a checkpoint or the configuration cannot be used, or the run cannot go on.
    """
    set_seed(config.seed)
    objective = build_objective(config)
    mean_chroma = mean_chroma or mean_training_chroma(config.data)
    save = partial(save_run, recipe=recipe, name=name, mean_chroma=mean_chroma)
    crops = partial(build_photo_loader, config.data, batch_size=config.batch_size, seed=config.seed)

    def publish(trainer: Trainer) -> None:
        save(trainer)
        try:
            push_run(config)
        except HubError as error:  # training goes on; the end tries once more
            trainer.accelerator.print(f"step {trainer.done.step} was not published: {error}")

    trainer = trainer_class(
        objective,
        build_loader or crops,
        config,
        evaluate or build_evaluator(config),
        publish if config.hub.repo else None,
    )
    trainer.run()
    if not trainer.accelerator.is_main_process:
        return {}
    record = save(trainer)
    if config.hub.repo:
        push_run(config)
    return record


def mean_training_chroma(data: DataConfig) -> tuple[float, float]:
    """Mean a and b (Lab) of training photographs: the tone floor of later evaluations."""
    try:
        return mean_chroma_of(itertools.islice(read_photos(data), AVERAGED_PHOTOS))
    except ValueError as error:
        raise TrainingDataError(f"no photo of {', '.join(data.sources)} has enough colour to learn from") from error


def mean_chroma_of(photos: Iterable[np.ndarray]) -> tuple[float, float]:
    """Mean a and b (Lab) of photographs (H, W, 3) uint8, each weighing the same.

    Raises:
        ValueError: there are none.
    """
    total, count = torch.zeros(2), 0
    for photo in photos:
        _, chroma = rgb_to_lab(to_batch(photo) / 255)
        total += chroma.mean(dim=(0, 2, 3)) * CHROMA_SCALE
        count += 1
    if not count:
        raise ValueError("photos must hold at least one photograph, got none")
    a, b = (total / count).tolist()
    return a, b


def command_line(train: Callable[..., dict[str, Any]], kind: type[RunConfig]) -> None:
    """The command of a recipe.

    Args:
        train: (configuration, name=...) -> record.
        kind: The recipe's configuration.
    """

    def main(
        config: Annotated[Path, typer.Option(help="YAML of the run.")],
        data: Annotated[list[str] | None, typer.Option(help="Folder, tar or hf:// id; repeatable.")] = None,
        output: Annotated[str | None, typer.Option(help="Folder of the run.")] = None,
        init: Annotated[str | None, typer.Option(help="Checkpoint folder to start from.")] = None,
        minutes: Annotated[float | None, typer.Option(help="End cleanly after so many minutes.")] = None,
        steps: Annotated[int | None, typer.Option(help="End after so many steps.")] = None,
        photos: Annotated[str | None, typer.Option(help="Photographs to evaluate on, never trained on.")] = None,
        push_to_hub: Annotated[str | None, typer.Option(metavar="OWNER/NAME", help="Publish the run there.")] = None,
        report_to: Annotated[str | None, typer.Option(help="none, tensorboard, wandb or trackio.")] = None,
        settings: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="KEY=VALUE", help="Any other key, dotted, and its YAML value; repeatable."),
        ] = None,
    ) -> None:
        overrides = {
            "data.sources": data,
            "output": output,
            "init": init,
            "minutes": minutes,
            "steps": steps,
            "evaluation.photos": photos,
            "hub.repo": push_to_hub,
            "report_to": report_to,
        }
        try:
            train(load_config(config, kind, overrides | parse_settings(settings or [])), name=config.stem)
        except ColorizerError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1) from error

    main.__doc__ = train.__doc__
    typer.run(main)

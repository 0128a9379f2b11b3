"""The registry of networks, and loading by name.

Importing this module registers the networks with transformers' Auto classes.
"""

import json
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModel
from transformers.utils import logging

from ..bundled import CHECKPOINTS, DEFAULT_CHECKPOINT, bundled_names, is_hub_id
from ..errors import CheckpointError
from ..options import refuse_unknown, take
from .base import ColorizerConfig, ColorizerModel
from .chromaformer import ChromaFormerConfig, ChromaFormerModel
from .cocolor import CoColorConfig, CoColorModel
from .colormamba import ColorMambaConfig, ColorMambaModel
from .dynamic_unet import DynamicUNetConfig, DynamicUNetModel
from .eccv16 import Eccv16Config, Eccv16Model
from .fetching import MODEL_FILES, PROCESSOR_FILES, REQUIRED, HubOptions, fetch_checkpoint
from .instance_fusion import InstanceFusionConfig, InstanceFusionModel
from .siggraph17 import Siggraph17Config, Siggraph17Model
from .unet import Pix2PixUNetConfig, Pix2PixUNetModel, UNetConfig, UNetModel

PRECISIONS = ("auto", "float32", "float16", "bfloat16")


class ModelOptions(HubOptions, total=False):
    """How to load a network: from where on the Hub, and how to keep it in memory.

    Attributes:
        dtype: "float32" unless it is given; "float16" or "bfloat16" halve the memory that weights take, and networks
            calculate in float32 nevertheless; "auto" is what the checkpoint says. torch's own dtypes will do.
        torch_dtype: What transformers called `dtype` before.
        device_map: Where to put it, as in transformers: "auto", a device, ...; needs accelerate.
    """

    dtype: str | torch.dtype | None
    torch_dtype: str | torch.dtype | None
    device_map: Any


@dataclass(frozen=True)
class Architecture:
    """One network that this package knows.

    Attributes:
        config: Its configuration class.
        model: Its model class.
        paper: Where it was published.
        license: Of the code.
    """

    config: type[ColorizerConfig]
    model: type[ColorizerModel]
    paper: str
    license: str


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says about itself, without loading it.

    Attributes:
        name: What it is called: a bundled name, a folder or a Hub id.
        folder: Where it lies, as `save_pretrained` wrote it.
        architecture: Key into `ARCHITECTURES`.
        modality: "gray", "nir" or "any".
        megabytes: Size of its weights.
        manifest: Checksum, licence, recipe, date, metrics; empty if it has none.
    """

    name: str
    folder: Path
    architecture: str
    modality: str
    megabytes: float
    manifest: dict[str, Any]


ARCHITECTURES = {
    "chromaformer": Architecture(
        config=ChromaFormerConfig, model=ChromaFormerModel, paper="colorizer_hf (this project)", license="Apache-2.0"
    ),
    "unet": Architecture(
        config=UNetConfig, model=UNetModel, paper="Ronneberger, Fischer, Brox 2015", license="Apache-2.0"
    ),
    "pix2pix_unet": Architecture(
        config=Pix2PixUNetConfig, model=Pix2PixUNetModel, paper="Isola, Zhu, Zhou, Efros 2017", license="Apache-2.0"
    ),
    "dynamic_unet": Architecture(
        config=DynamicUNetConfig, model=DynamicUNetModel, paper="Howard, Gugger 2020 (fastai)", license="Apache-2.0"
    ),
    "cocolor": Architecture(
        config=CoColorConfig, model=CoColorModel, paper="Yang, Chen, Yang 2023", license="Apache-2.0"
    ),
    "colormamba": Architecture(
        config=ColorMambaConfig, model=ColorMambaModel, paper="Zhai, Jin, Yang, Kang 2024", license="Apache-2.0"
    ),
    "eccv16": Architecture(
        config=Eccv16Config, model=Eccv16Model, paper="Zhang, Isola, Efros 2016", license="Apache-2.0"
    ),
    "instance_fusion": Architecture(
        config=InstanceFusionConfig, model=InstanceFusionModel, paper="Su, Chu, Huang 2020", license="Apache-2.0"
    ),
    "siggraph17": Architecture(
        config=Siggraph17Config, model=Siggraph17Model, paper="Zhang, Zhu, Isola et al. 2017", license="Apache-2.0"
    ),
}

for _name, _architecture in ARCHITECTURES.items():
    AutoConfig.register(_name, _architecture.config, exist_ok=True)
    AutoModel.register(_architecture.config, _architecture.model, exist_ok=True)


def bundled_checkpoints() -> list[CheckpointInfo]:
    """The checkpoints that ship with the package, by name."""
    return [describe_checkpoint(CHECKPOINTS / name, name) for name in bundled_names()]


def resolve_checkpoint(
    name_or_path: str | PathLike[str] | None, required: Sequence[str] = REQUIRED, **options: Unpack[HubOptions]
) -> Path:
    """The folder of a checkpoint; one of the Hub is downloaded into the cache if it is not there.

    Args:
        name_or_path: A bundled name, a folder or a Hub id such as `owner/name`; None means the default.
        required: Files that one of the Hub must have; the first says what the others are.
        **options: For a Hub id, see `HubOptions`.

    Raises:
        CheckpointError: it is nothing of these, or cannot be had.
    """
    name = str(name_or_path or DEFAULT_CHECKPOINT)
    index = required[0]
    if (CHECKPOINTS / name / index).is_file():
        return CHECKPOINTS / name
    if Path(name).is_dir():
        if index not in PROCESSOR_FILES and not (Path(name) / index).is_file():
            raise CheckpointError(f"{name} has no {index}; give a folder that save_pretrained wrote")
        return Path(name)
    if is_hub_id(name):
        return fetch_checkpoint(name, required, **options)
    known = ", ".join(bundled_names())
    raise CheckpointError(
        f"there is no checkpoint {name}; give a folder, a Hub id such as owner/name, or one of: {known}"
    )


def load_model(name_or_path: str | Path | None = None, **options: Unpack[ModelOptions]) -> ColorizerModel:
    """Load a network in evaluation mode, refusing weights that do not fit exactly.

    Args:
        name_or_path: A bundled name, a folder or a Hub id; None loads the default.
        **options: See `ModelOptions`.

    Raises:
        CheckpointError: the checkpoint is missing, damaged, incomplete or of an unknown kind.
        TypeError: there is no such option.
        ValueError: no network is kept in such a `dtype`, or the `device_map` is none.
    """
    refuse_unknown("load_model", options, ModelOptions.__annotations__)
    name = str(name_or_path or DEFAULT_CHECKPOINT)
    loading: Any = dict(options)
    hub = take(HubOptions.__annotations__, loading)
    return load_folder(resolve_checkpoint(name, MODEL_FILES, **hub), name, **loading)


def load_folder(folder: Path, name: str, **options: Unpack[ModelOptions]) -> ColorizerModel:
    """Load a network from the folder of its checkpoint; `name` is what messages call it. See `load_model`."""
    model_type = _model_type(folder, name)
    if model_type not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise CheckpointError(f"{name} is a {model_type}, not a colorizer; known architectures are {known}")
    if options.get("dtype") is None and options.get("torch_dtype") is None:
        options["dtype"] = torch.float32
    return _load(ARCHITECTURES[model_type].model, folder, name, **options)


def load_as(network: type[ColorizerModel], name_or_path: str | PathLike[str], *arguments: Any, **options: Any) -> Any:
    """Load a checkpoint of one kind of network: what `network.from_pretrained` does.

    Args:
        network: The kind.
        name_or_path: A bundled name, a folder or a Hub id.
        *arguments: For `PreTrainedModel.from_pretrained`, as is what is left of `options`.
        **options: `HubOptions` among them.

    Returns:
        The network; with `output_loading_info=True` a pair of it and the weights that did not fit.

    Raises:
        CheckpointError: as `load_model`; or the checkpoint is of another kind.
        ValueError: no network is kept in such a `dtype`.
    """
    name = str(name_or_path)
    hub: Any = take(HubOptions.__annotations__, options)
    folder = resolve_checkpoint(name, MODEL_FILES, **hub)
    kind: Any = network.config_class
    found, wanted = _model_type(folder, name), kind.model_type
    if found != wanted:
        raise CheckpointError(f"{name} is a {found}, not a {wanted}; load_model takes every kind of colorizer")
    return _load(network, folder, name, *arguments, **options)


def _load(network: type[ColorizerModel], folder: Path, name: str, *arguments: Any, **options: Any) -> Any:
    kind: Any = network.config_class
    for option in ("dtype", "torch_dtype"):
        if options.get(option) is not None:
            options[option] = _precision(options[option])
    try:
        kind.from_pretrained(folder)
    except (OSError, ValueError, StrictDataclassError) as error:
        raise _unusable_configuration(name, error) from error
    try:
        with no_progress_bar():
            load: Any = super(ColorizerModel, network).from_pretrained  # that of transformers; our own leads here
            never_unpickle = {"use_safetensors": True}
            model, info = load(folder, *arguments, **options | never_unpickle | {"output_loading_info": True})
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"the weights of {name} cannot be loaded: {_first_sentence(error)}") from error
    for name_of_repository_code in ("auto_map", "custom_pipelines"):  # not beside a copy that will be saved elsewhere
        if hasattr(model.config, name_of_repository_code):
            delattr(model.config, name_of_repository_code)
    if options.get("output_loading_info"):  # then the caller judges
        return model, info
    for problem in ("missing_keys", "unexpected_keys"):
        if info[problem]:
            word, key = problem.split("_")[0], sorted(info[problem])[0]
            raise CheckpointError(
                f"{name} has {len(info[problem])} {word} weights, such as {key}; it was not made for this network"
            )
    return model


def _precision(dtype: Any) -> Any:
    """A `dtype` as transformers takes it, if it is one of `PRECISIONS`."""
    name = str(dtype).removeprefix("torch.")
    if name not in PRECISIONS:
        raise ValueError(f"dtype must be {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}, got {dtype!r:.40}")
    return getattr(torch, name, name)


def _model_type(folder: Path, name: str) -> str:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return config.get("model_type", "model of no type")
    except (OSError, ValueError, AttributeError) as error:
        raise _unusable_configuration(name, error) from error


def _unusable_configuration(name: str, error: Exception) -> CheckpointError:
    return CheckpointError(f"the configuration of {name} cannot be used: {_first_sentence(error.__cause__ or error)}")


def describe_checkpoint(folder: Path, name: str) -> CheckpointInfo:
    """Read what the checkpoint in a folder says about itself.

    Raises:
        CheckpointError: it is no checkpoint of a colorizer.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        manifest = folder / "manifest.json"
        return CheckpointInfo(
            name=name,
            folder=folder,
            architecture=config["model_type"],
            modality=config["modality"],
            megabytes=(folder / "model.safetensors").stat().st_size / 1e6,
            manifest=json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{name} is no checkpoint of a colorizer; give a folder that save_pretrained wrote"
        ) from error


@contextmanager
def no_progress_bar() -> Generator[None]:
    """Weights load and save in a blink; a bar for that is noise on a terminal."""
    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            with warnings.catch_warnings(action="ignore"):  # said when the environment forbids the Hub's own bars
                logging.enable_progress_bar()


def _first_sentence(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].split(". ")[0] if str(error).strip() else type(error).__name__


__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "CheckpointInfo",
    "ModelOptions",
    "bundled_checkpoints",
    "describe_checkpoint",
    "load_as",
    "load_folder",
    "load_model",
    "no_progress_bar",
    "resolve_checkpoint",
]

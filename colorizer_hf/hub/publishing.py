"""Checkpoints and the Space onto the Hugging Face Hub: what belongs into a repository, and its one commit."""

import json
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from PIL import Image

from ..bundled import GRAPHS
from ..engines.manifest import Manifest, find_graphs
from ..errors import ColorizerError, HubError
from ..image_processing import ColorizerImageProcessor
from ..models.auto import describe_checkpoint, resolve_checkpoint
from ..models.base import ColorizerModel
from ..models.fetching import REQUIRED
from ..pipeline import ColorizationPipeline
from .card import model_card, sampler_card
from .remote_code import write_remote_code, write_sampler_code
from .space import prepare_space

PACKAGE = Path(__file__).parents[1]
CHECKPOINT_FILES = (*REQUIRED, "manifest.json")
SHOWN_PHOTOS = ("coffee_cup", "colorado_mountains_1941", "migrant_family_1936", "water_lilies_1892")
_ROW = 280  # pixels of height in the before/after picture


def push_checkpoint(
    name_or_path: str | Path,
    repo_id: str,
    *,
    results: Sequence[str | Path] = (),
    private: bool | None = None,
    branch: str | None = None,
    token: str | None = None,
) -> str:
    """Publish a checkpoint: weights, image processor, graphs, code, model card and results in one commit.

    Args:
        name_or_path: A bundled name or a folder that `save_pretrained` of the pipeline wrote. Graphs that lie in its
            folder `onnx` are published if they are of its weights.
        repo_id: `owner/name`; the repository is made if need be.
        results: JSON files of training runs and evaluations, for the card and beside it.
        private: Whether a new repository is private; None leaves it to the account's settings.
        branch: Commit there instead of `main`; the branch is made if need be.
        token: Access token; None takes the one that `hf auth login` has stored.

    Returns:
        The commit's address.

    Raises:
        CheckpointError: the checkpoint cannot be loaded.
        HubError: the Hub cannot be reached or refuses; nothing of the push is visible then.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepare_checkpoint(name_or_path, repo_id, Path(folder), results=results)
        message = f"Publish {Path(name_or_path).name}"
        return push_folder(Path(folder), repo_id, "model", message, private=private, branch=branch, token=token)


def push_pipeline(pipeline: ColorizationPipeline, repo_id: str, **options: Any) -> str:
    """Publish a pipeline as it is in memory, its weights as fp16; see `push_checkpoint`, whose options it takes."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / repo_id.rsplit("/", 1)[-1]
        save_checkpoint(pipeline.model, pipeline.image_processor, checkpoint)
        return push_checkpoint(checkpoint, repo_id, **options)


def push_sampler(
    sampler: Any,
    repo_id: str,
    *,
    private: bool | None = None,
    branch: str | None = None,
    token: str | None = None,
) -> str:
    """Publish a `ColorizationDiffusionPipeline` as it is in memory, with its code and a card, in one commit.

    Raises:
        HubError: the Hub cannot be reached or refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        sampler.save_pretrained(folder)
        write_sampler_code(Path(folder))
        sampler_card(sampler, repo_id).save(Path(folder) / "README.md")
        message = f"Publish {repo_id.rsplit('/', 1)[-1]}"
        return push_folder(Path(folder), repo_id, "model", message, private=private, branch=branch, token=token)


def save_checkpoint(model: ColorizerModel, processor: ColorizerImageProcessor, folder: Path) -> None:
    """Save a network and its image processor as `from_pretrained` reads them.

    Weights are stored as fp16 while the configuration keeps asking for fp32, so that CPUs compute in fp32.
    """
    state = {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=state)
    (folder / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    processor.save_pretrained(folder)


def prepare_checkpoint(
    name_or_path: str | Path, repo_id: str, folder: Path, *, results: Sequence[str | Path] = ()
) -> None:
    """Put everything that `push_checkpoint` publishes into an empty folder."""
    source = resolve_checkpoint(name_or_path)
    pipeline = ColorizationPipeline.from_pretrained(source)  # nothing that does not load is published
    for name in CHECKPOINT_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    graphs = find_graphs(source)
    if graphs is not None:
        (folder / GRAPHS).mkdir()
        for name in Manifest.read(graphs).files:
            shutil.copyfile(graphs / name, folder / GRAPHS / name)
    write_remote_code(folder)
    records = {Path(path).stem: _read_record(Path(path)) for path in results}
    if records:
        (folder / "results").mkdir()
    for name, record in records.items():
        (folder / "results" / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    manifest = describe_checkpoint(source, str(name_or_path)).manifest
    card = model_card(pipeline.model, repo_id, manifest, records, has_graphs=graphs is not None)
    card.save(folder / "README.md")
    write_before_after(pipeline, folder / "before_after.jpg")


def write_before_after(pipeline: ColorizationPipeline, path: Path) -> None:
    """The example photographs in two rows: gray above, in colour below."""
    results = [pipeline(PACKAGE / "webui" / "examples" / f"{name}.jpg") for name in SHOWN_PHOTOS]
    pairs = [(Image.fromarray(result.photo.luminance).convert("RGB"), result.image) for result in results]
    widths = [round(before.width * _ROW / before.height) for before, _ in pairs]
    sheet = Image.new("RGB", (sum(widths), 2 * _ROW))
    left = 0
    for pair, width in zip(pairs, widths, strict=True):
        for row, picture in enumerate(pair):
            sheet.paste(picture.resize((width, _ROW), Image.Resampling.LANCZOS), (left, row * _ROW))
        left += width
    sheet.save(path, quality=88)


def push_space(repo_id: str, *, private: bool | None = None, token: str | None = None) -> str:
    """Publish the web page as a Space, made if need be, and return the commit's address.

    Raises:
        HubError: the Hub cannot be reached or refuses, or this is no checkout of the repository.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepare_space(Path(folder))
        return push_folder(Path(folder), repo_id, "space", "Publish the web page", private=private, token=token)


def push_folder(
    folder: Path,
    repo_id: str,
    kind: Literal["model", "space"],
    message: str,
    *,
    private: bool | None = None,
    branch: str | None = None,
    token: str | None = None,
) -> str:
    """Commit a folder to a repository, made if need be; what is there already is not sent again.

    Returns:
        The commit's address.

    Raises:
        HubError: the Hub cannot be reached or refuses.
    """
    api = HfApi(token=token)
    with _failures_as_hub_errors(repo_id):
        sdk = "gradio" if kind == "space" else None
        api.create_repo(repo_id, repo_type=kind, private=private, space_sdk=sdk, exist_ok=True)
        if branch:
            api.create_branch(repo_id, repo_type=kind, branch=branch, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo_id, repo_type=kind, folder_path=folder, commit_message=message, revision=branch
        )
        return commit.commit_url


@contextmanager
def _failures_as_hub_errors(repo_id: str) -> Generator[None]:
    try:
        yield
    except HFValidationError as error:
        raise HubError(f"{repo_id} is no id of the Hub; one looks like owner/name") from error
    except LocalTokenNotFoundError as error:
        raise HubError("the Hub wants to know who you are; log in with `hf auth login` or pass a token") from error
    except OfflineModeIsEnabled as error:
        raise HubError("HF_HUB_OFFLINE is set, so nothing can be pushed; unset it") from error
    except RepositoryNotFoundError as error:
        raise HubError(f"{repo_id} does not exist or is not yours to write to; check the name and the token") from error
    except HfHubHTTPError as error:
        raise HubError(f"{repo_id} was not pushed: {_refusal(error)}") from error
    except RuntimeError as error:  # how the client says that a file did not arrive
        reason = _refusal(error.__cause__) if isinstance(error.__cause__, HfHubHTTPError) else _first_line(error)
        raise HubError(f"{repo_id} was not pushed: {reason}") from error
    except (HTTPError, OSError) as error:  # a commit may have been made all the same
        problem = f"the Hub cannot be reached, or its answer got lost ({_first_line(error)}); pushing again is safe"
        raise HubError(f"{repo_id}: {problem}") from error
    except ValueError as error:
        raise HubError(f"{repo_id} was not pushed: the Hub does not accept it ({_first_line(error)})") from error


def _refusal(error: HfHubHTTPError) -> str:
    status = getattr(error.response, "status_code", None)
    return _REFUSALS.get(status, f"the Hub answered {status}; try again later")


_REFUSALS: dict[int | None, str] = {
    401: "the Hub does not know this token; log in with `hf auth login` or pass another",
    403: "this token may not write there; take one with write access to it",
    409: "somebody else pushed at the same moment; try again",
    412: "somebody else pushed at the same moment; try again",
    429: "the Hub asks to wait before the next push; try again later",
}


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(record, dict):
            return record
        raise ValueError("it is no object")
    except (OSError, ValueError) as error:
        raise ColorizerError(f"{path} is no JSON of a training run or an evaluation ({error})") from error


__all__ = [
    "prepare_checkpoint",
    "push_checkpoint",
    "push_folder",
    "push_pipeline",
    "push_sampler",
    "push_space",
    "save_checkpoint",
    "write_before_after",
]

"""Checkpoints from the Hugging Face Hub into the local cache: the one place where downloads happen and fail."""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

from huggingface_hub import get_cached_repo_tree, scan_cache_dir, snapshot_download
from huggingface_hub.errors import (
    CacheNotFound,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ..bundled import GRAPHS
from ..errors import CheckpointError

# Weights only as safetensors: whatever else a repository holds, it is not even downloaded.
WANTED = ("*.json", "*.safetensors")
WANTED_GRAPHS = f"{GRAPHS}/*.onnx"
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
MODEL_FILES = ("config.json", "model.safetensors")
PROCESSOR_FILES = ("preprocessor_config.json",)
REQUIRED = (*MODEL_FILES, *PROCESSOR_FILES)
SAMPLER_FILES = (
    "model_index.json",
    "encoder/config.json",
    "encoder/model.safetensors",
    "scheduler/scheduler_config.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
)


class HubOptions(TypedDict, total=False):
    """How to take a checkpoint from the Hub; without meaning for folders and bundled checkpoints.

    Attributes:
        revision: Branch, tag or commit; `main` if absent.
        token: Access token; the one that `hf auth login` has stored if absent, False for none.
        cache_dir: Folder of the cache; the usual one if absent.
        local_files_only: Ask nobody, take what is cached.
        force_download: Download again what is cached.
    """

    revision: str | None
    token: str | bool | None
    cache_dir: str | Path | None
    local_files_only: bool
    force_download: bool


def fetch_checkpoint(
    repo_id: str, required: Sequence[str] = REQUIRED, *, graphs: bool = False, **options: Unpack[HubOptions]
) -> Path:
    """Bring a checkpoint of the Hub into the cache, or find it there.

    Args:
        repo_id: `owner/name`.
        required: Files that it must have; weights are only downloaded if they are among them.
        graphs: Download its exported graphs too, if it has some.
        **options: See `HubOptions`.

    Returns:
        The folder of that revision.

    Raises:
        CheckpointError: it cannot be had; the message says why and what to do.
    """
    revision, cache_dir = options.get("revision"), options.get("cache_dir")
    where = f"{repo_id} at revision {revision}" if revision else repo_id
    with _failures_as_checkpoint_errors(where, cache_dir):
        folder = _download(repo_id, required, options, graphs=graphs)
    missing = [name for name in required if not (folder / name).is_file()]
    if missing:
        names = {file.path for file in get_cached_repo_tree(repo_id, revision=revision, cache_dir=cache_dir)}
        if missing[0].endswith(".safetensors") and any(name.endswith(PICKLED) for name in names):
            raise CheckpointError(f"{where} has pickled weights only, which are not safe to load; ask for safetensors")
        raise CheckpointError(
            f"{where} has no {missing[0]}; it is no checkpoint of a colorizer, or was not pushed whole"
        )
    for pattern in (*WANTED, WANTED_GRAPHS):
        for path in folder.rglob(pattern):
            _check_sum(path, where)
    return folder


def _download(repo_id: str, required: Sequence[str], options: HubOptions, *, graphs: bool) -> Path:
    wanted = [pattern for pattern in WANTED if any(fnmatch(name, pattern) for name in required)]
    unwanted = None if graphs else [f"{GRAPHS}/*"]  # their manifest too: alone it would promise graphs
    download = partial(snapshot_download, allow_patterns=[*wanted, WANTED_GRAPHS], ignore_patterns=unwanted)
    try:
        return Path(download(repo_id, **options))
    except HfHubHTTPError:
        raise
    except HTTPError:  # a connection that broke; the client turns to its cache only where none was made
        offline = HubOptions(**{**options, "local_files_only": True})
        with suppress(LocalEntryNotFoundError):
            return Path(download(repo_id, **offline))
        raise


@contextmanager
def _failures_as_checkpoint_errors(where: str, cache_dir: str | Path | None) -> Generator[None]:
    try:
        yield
    except HFValidationError as error:
        raise CheckpointError(f"{where} is no id of the Hub; one looks like owner/name") from error
    except GatedRepoError as error:
        raise CheckpointError(f"{where} is gated; ask for access on its page, then log in or pass a token") from error
    except RevisionNotFoundError as error:
        raise CheckpointError(f"there is no {where}; look up its branches and tags") from error
    except RepositoryNotFoundError as error:
        problem = f"there is no {where} on the Hub, or it is private; check the name, log in or pass a token"
        raise CheckpointError(problem) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        cached = ", ".join(cached_repos(cache_dir)) or "nothing"
        problem = f"{where} is not in the cache, or not whole, and the Hub was not asked or not reached"
        raise CheckpointError(f"{problem}; cached here: {cached}") from error
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "no")
        if status == 401:
            problem = f"{where} cannot be had with this token, which the Hub does not know"
            raise CheckpointError(f"{problem}; log in with `hf auth login` or pass another") from error
        raise CheckpointError(f"the Hub refused {where} with status {status}; try again later") from error
    except (HTTPError, OSError) as error:  # a connection that broke for good, a disk that is full
        reason = str(error).strip().split("\n")[0]
        raise CheckpointError(f"{where} could not be downloaded whole ({reason}); try again") from error


def cached_repos(cache_dir: str | Path | None = None) -> list[str]:
    """Ids of the models in the cache."""
    try:
        return sorted(repo.repo_id for repo in scan_cache_dir(cache_dir).repos if repo.repo_type == "model")
    except CacheNotFound:
        return []


def _check_sum(path: Path, where: str) -> None:
    """The client does not compare what it downloaded with its checksum; a blob in the cache is named by it.

    Raises:
        CheckpointError: they differ; the blob is removed, so that the next try downloads it again.
    """
    blob = path.resolve()
    if _is_damaged(blob):
        blob.unlink()
        path.unlink(missing_ok=True)
        raise CheckpointError(f"{path.name} of {where} arrived damaged and was removed; try again")


def _is_damaged(blob: Path) -> bool:
    if len(blob.name) == 64:  # in large-file storage
        with blob.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != blob.name
    if len(blob.name) == 40:  # in git
        content = blob.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() != blob.name
    return False  # a copy under its own name, where the cache cannot have links


__all__ = ["MODEL_FILES", "PROCESSOR_FILES", "SAMPLER_FILES", "HubOptions", "cached_repos", "fetch_checkpoint"]

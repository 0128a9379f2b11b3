"""Checkpoints that were downloaded: what lies in the cache, and how to be rid of it."""

from contextlib import suppress
from pathlib import Path

from huggingface_hub import scan_cache_dir
from huggingface_hub.errors import CacheNotFound

from ..errors import CheckpointError
from ..models.auto import CheckpointInfo, describe_checkpoint


def cached_checkpoints(cache_dir: str | Path | None = None) -> list[CheckpointInfo]:
    """The colorizers in the cache, the newest revision of each, by name.

    Args:
        cache_dir: Folder of the cache; None takes the usual one.
    """
    found = []
    with suppress(CacheNotFound):
        for repo in sorted(scan_cache_dir(cache_dir).repos, key=lambda repo: repo.repo_id):
            newest = max(repo.revisions, key=lambda revision: revision.last_modified, default=None)
            if repo.repo_type == "model" and newest is not None:
                with suppress(CheckpointError):  # the cache holds the models of everybody
                    found.append(describe_checkpoint(newest.snapshot_path, repo.repo_id))
    return found


def delete_cached(repo_id: str, cache_dir: str | Path | None = None) -> int:
    """Remove all revisions of a downloaded checkpoint and return how many bytes that frees.

    Args:
        repo_id: `owner/name`.
        cache_dir: Folder of the cache; None takes the usual one.

    Raises:
        CheckpointError: it is not in the cache.
    """
    with suppress(CacheNotFound):
        cache = scan_cache_dir(cache_dir)
        for repo in cache.repos:
            if repo.repo_id == repo_id and repo.repo_type == "model":
                strategy = cache.delete_revisions(*(revision.commit_hash for revision in repo.revisions))
                strategy.execute()
                return strategy.expected_freed_size
    raise CheckpointError(f"{repo_id} is not in the cache; `colorizer models` lists what is")


__all__ = ["cached_checkpoints", "delete_cached"]

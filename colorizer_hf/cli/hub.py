"""`colorizer push`, `push-space` and `pull`: the Hugging Face Hub."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from .startup import heavy_imports

Repo = Annotated[str, typer.Option(metavar="OWNER/NAME", help="Repository on the Hub; made if need be.")]
Private = Annotated[bool, typer.Option("--private", help="Make it private if it is new.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list what would be published; the Hub is not asked.")]


def push(
    checkpoint: Annotated[str, typer.Argument(help="Bundled name, or folder of a checkpoint.")],
    repo: Repo,
    results: Annotated[
        list[Path] | None,
        typer.Option(metavar="JSON", help="Of training runs and evaluations, for the model card; repeatable."),
    ] = None,
    private: Private = False,
    branch: Annotated[str | None, typer.Option(help="Commit there instead of main; made if need be.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Publish a checkpoint: weights, graphs, code, model card, results, in one commit."""
    with heavy_imports():
        from ..hub.publishing import prepare_checkpoint, push_checkpoint

    if dry_run:
        with TemporaryDirectory() as folder:
            prepare_checkpoint(checkpoint, repo, Path(folder), results=results or ())
            _list_files(Path(folder))
    else:
        print(push_checkpoint(checkpoint, repo, results=results or (), private=private or None, branch=branch))


def push_space(repo: Repo, private: Private = False, dry_run: DryRun = False) -> None:
    """Publish the web page as a Hugging Face Space."""
    if dry_run:
        from ..hub.space import prepare_space

        with TemporaryDirectory() as folder:
            prepare_space(Path(folder))
            _list_files(Path(folder))
    else:
        with heavy_imports():
            from ..hub.publishing import push_space as push_to_hub

        print(push_to_hub(repo, private=private or None))


def pull(
    repo: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Repository on the Hub.")],
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit; main if absent.")] = None,
) -> None:
    """Download a checkpoint, with graphs if it has some, into the cache and print its folder."""
    with heavy_imports():
        from ..models.auto import load_folder
        from ..models.fetching import fetch_checkpoint

    folder = fetch_checkpoint(repo, graphs=True, revision=revision)
    load_folder(folder, repo)  # what does not load is no good to anybody
    print(folder)


def _list_files(folder: Path) -> None:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        print(f"{path.stat().st_size:>10,}  {path.relative_to(folder)}")

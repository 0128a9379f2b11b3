"""What a Hugging Face Space consists of. `make space` runs this where nothing is installed: standard library only."""

import shutil
import sys
from pathlib import Path

from ..errors import HubError

PACKAGE = Path(__file__).parents[1]


def prepare_space(folder: Path) -> None:
    """Put everything that a Space needs into a folder: the files of `space/`, and this package beside them.

    `space/static/` belongs to another Space, which `make web` prepares.

    Args:
        folder: Empty, or not there yet.

    Raises:
        HubError: this package is installed without its repository, where `space/` is.
    """
    source = PACKAGE.parent / "space"
    if not (source / "app.py").is_file():
        raise HubError("the Space's files are in the repository only; run this in a checkout of it")
    unwanted = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("static", "__pycache__", ".*"), dirs_exist_ok=True)
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=unwanted)


if __name__ == "__main__":
    prepare_space(Path(sys.argv[1]))

__all__ = ["prepare_space"]

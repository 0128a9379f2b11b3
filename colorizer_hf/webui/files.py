"""Names and places of the page's files: what people call theirs, what results are called, where uploads lie."""

import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from ..errors import ImageError
from ..imaging import Photo, read

EXAMPLES = Path(__file__).parent / "examples"
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png"}  # of results
_LONGEST_NAME = 100
_RESULT = "result-"
_CHECKSUM = 64  # letters: Gradio puts each upload into a folder named by a checksum


def find_upload(path: str, uploads: Path) -> Path:
    """The uploaded file that a browser speaks of.

    Args:
        path: What the browser says.
        uploads: The folder in which uploads arrive.

    Raises:
        ImageError: it is no upload; a browser could name any file of the server.
    """
    with suppress(ValueError, OSError):  # what no path can be, or is too long for one
        resolved = Path(path).resolve()
        arrived = resolved.parent.parent == uploads.resolve() and len(resolved.parent.name) == _CHECKSUM
        if arrived and resolved.is_file():
            return resolved
    raise ImageError("the photo did not arrive; choose it again")


def take_upload(path: Path, place: Path) -> None:
    """Move an upload, and remove the folder around it."""
    shutil.move(path, place)
    with suppress(OSError):  # another upload of the same photo is in it
        path.parent.rmdir()


def read_upload(path: Path, *, own_colors: int | None = None) -> Photo:
    """Read a photo; what is wrong with it names the file alone, not the server's folder around it.

    Args:
        path: Where it is.
        own_colors: As `read` takes it.

    Raises:
        ImageError: it cannot be read.
    """
    try:
        return read(path, own_colors=own_colors)
    except ImageError as error:
        raise ImageError(str(error).replace(f"{path.parent}/", "")) from error


def new_result_folder(uploads: Path) -> Path:
    """A folder whose name cannot be guessed, from which results can be fetched for an hour or more."""
    uploads.mkdir(parents=True, exist_ok=True)
    sweep(uploads)
    return Path(mkdtemp(prefix=_RESULT, dir=uploads))


def sweep(uploads: Path, *, older: float = 3600) -> None:
    """Remove what calls have left behind: uploads, results, and the empty files that Gradio makes for each upload.

    Args:
        uploads: The folder in which uploads arrive. What is in it and not of these kinds stays.
        older: Than so many seconds.
    """
    for entry in uploads.iterdir() if uploads.is_dir() else ():
        with suppress(FileNotFoundError):  # another call may sweep as well
            is_old = time.time() - entry.stat().st_mtime > older
            if is_old and entry.is_dir() and (entry.name.startswith(_RESULT) or len(entry.name) == _CHECKSUM):
                shutil.rmtree(entry)
            elif is_old and entry.is_file() and entry.name.startswith("tmp"):
                entry.unlink()


def example_photos() -> list[Path]:
    """The photos that ship with the package."""
    return sorted(EXAMPLES.glob("*.jpg"))


def find_example(name: str) -> Path:
    """The example photo of this file name.

    Raises:
        ImageError: there is none.
    """
    for path in example_photos():
        if path.name == name:
            return path
    raise ImageError(f"there is no example {name}; choose another")


def clean_name(name: str) -> str:
    """A person's file name made safe to use as one: no folders, nothing unprintable, not too long."""
    name = "".join(letter for letter in name.replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable())
    path = Path(name.strip(". ") or "photo")
    suffix = path.suffix[:10]
    return path.stem[: _LONGEST_NAME - len(suffix)] + suffix


def result_name(photo_name: str, format: str) -> str:
    """What the coloured photo is called; `format` is a key of `SUFFIXES`."""
    return f"{Path(photo_name).stem}-colour{SUFFIXES[format]}"


__all__ = [
    "EXAMPLES",
    "SUFFIXES",
    "clean_name",
    "example_photos",
    "find_example",
    "find_upload",
    "new_result_folder",
    "read_upload",
    "result_name",
    "sweep",
    "take_upload",
]

"""Boxes around things as the command line takes them: a file of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from ..errors import BoxError
from .addresses import Place
from .photo_files import PhotoFile


def read_boxes(file: Path, photos: Sequence[PhotoFile]) -> dict[Place | None, Any]:
    """The boxes of each photograph that a file has any for, by its path, as the pipeline takes them.

    Args:
        file: JSON: a list of boxes for a single photograph; or an object of such lists by the photographs' file names,
            with the folders before them where a pattern has found them in several.
        photos: All photographs.

    Raises:
        BadParameter: a list without names is given for several photographs.
        BoxError: there is no such file, it is something else, or none of its names is among the photographs.
    """
    from ..boxes import boxes_from_json

    try:
        given = boxes_from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise BoxError(f"{file}: the boxes cannot be read ({reason})") from error
    except BoxError as error:
        raise BoxError(f"{file}: {error}") from error
    if isinstance(given, list):
        if len(photos) > 1:
            problem = f"boxes without names belong to a single photograph, got {len(photos)}; give a list for each name"
            raise typer.BadParameter(problem, param_hint="--boxes")
        return {photo.path: given for photo in photos}
    named = {photo.path: given.get(photo.name.as_posix(), given.get(photo.name.name)) for photo in photos}
    if given and not any(boxes is not None for boxes in named.values()):
        raise BoxError(f"{file}: it names none of the photographs; the first name in it is {next(iter(given))}")
    return {path: boxes for path, boxes in named.items() if boxes is not None}


__all__ = ["read_boxes"]

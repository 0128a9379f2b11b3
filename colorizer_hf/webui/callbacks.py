"""What happens when a person does something on the page: functions from what the page says to what it then shows.

They know nothing of Gradio. The page's words (`Edits`) come from a browser and may be anything; answers are properties
of the stage (stage/python.js).
"""

import logging
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ColorizerError, HintError
from ..hints import Hint, hints_from_json, hints_to_json, hints_to_strokes, strokes_to_hints
from ..imaging import Photo, write
from ..pipeline import ColorizationPipeline, ColorizationResult
from ..vividness import DEFAULT_VIVIDNESS
from .alternatives import Alternative, alternatives
from .files import clean_name, find_example, find_upload, result_name
from .workspace import LostPhotoError, Workspace

PREVIEW = 1600  # pixels of the longer side of what is shown at first
LARGEST_SHOWN = 8192  # and at most, when a person zooms in: browsers refuse larger pictures
SWATCHES = (0.4, 0.8)  # luminance of suggested colours: their differences must be seen
_KEPT_PICTURES = 2  # of each kind: the page may still be fetching the last but one

Properties = dict[str, Any]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Edits:
    """What the stage says: its photo, the strokes on it, and what the person wants.

    Attributes:
        revision: Of the person's edits, echoed in answers.
        photo: {"path", "name"} of an upload, or {"example": file name}.
        strokes: As `strokes_to_hints` takes them.
        touched: Point last touched, in shares of the photo's width and height; None for none.
        text: Of a hints file.
        model: Name of the chosen one, perhaps of none that is here.
        vividness: In [0, 1].
        format: Of the file to download, a key of `SUFFIXES`.
        note: Whether that file says that colour was added.
    """

    revision: int
    photo: Mapping[str, Any]
    strokes: list[Any]
    touched: tuple[float, float] | None = None
    text: str = ""
    model: str = ""
    vividness: float = DEFAULT_VIVIDNESS
    format: str = "JPEG"
    note: bool = True

    @classmethod
    def parse(cls, value: Any) -> "Edits":
        """Read the stage's value; None, which it has before anything is done, means no photo.

        Raises:
            HintError: it is not what the stage sends.
        """
        if value is None:
            return cls(0, {}, [])
        try:
            touched = value.get("touched")
            if touched is not None:
                x, y = (min(max(float(share), 0.0), 1 - 1e-6) for share in touched)
                touched = x, y
            photo, request = value.get("photo") or {}, value.get("request") or {}
            text, strokes = str(request.get("text", "")), list(value.get("strokes") or [])
            return cls(int(value["revision"]), dict(photo), strokes, touched, text, **_settings(value.get("settings")))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise HintError("the page sent something that is no set of strokes; reload it") from error


def _settings(value: Any) -> dict[str, Any]:
    settings = value or {}
    vividness = float(settings.get("vividness", DEFAULT_VIVIDNESS))
    return {
        "model": str(settings.get("model", "")),
        "vividness": min(max(vividness, 0.0), 1.0) if isfinite(vividness) else DEFAULT_VIVIDNESS,
        "format": "PNG" if settings.get("format") == "PNG" else "JPEG",
        "note": bool(settings.get("note", True)),
    }


@dataclass(frozen=True)
class Choices:
    """What is coloured by, and how.

    Attributes:
        model: Name of the chosen model.
        pipeline: Its pipeline.
        vividness: In [0, 1].
    """

    model: str
    pipeline: ColorizationPipeline
    vividness: float


def open_photo(workspace: Workspace, edits: Edits, uploads: Path) -> Properties:
    """Take the photo that the person gave.

    Args:
        workspace: Of the tab.
        edits: `photo` says which.
        uploads: The folder in which uploads arrive; no file elsewhere is taken.

    Returns:
        The property `photo`.

    Raises:
        ImageError: it cannot be read.
    """
    if "example" in edits.photo:
        photo = workspace.open(find_example(str(edits.photo["example"])), keep=True)
    else:
        path = find_upload(str(edits.photo.get("path")), uploads)
        photo = workspace.open(path, name=clean_name(str(edits.photo.get("name"))))
    width, height = photo.size
    facts = {"name": workspace.photo_name, "width": width, "height": height, "notes": list(photo.notes)}
    facts["revision"] = edits.revision
    return {"photo": {"id": secrets.token_hex(4), "before": _show_gray(workspace, photo, PREVIEW), **facts}}


def edit(workspace: Workspace, edits: Edits, choices: Choices) -> Iterator[Properties]:
    """Colour the tab's photo as it is now to be: first the picture, then the same with the strip of alternatives.

    Yields:
        The property `result`.

    Raises:
        LostPhotoError: the tab has no photo.
        HintError: the strokes make no sense.
    """
    result, hints = _colorize(workspace, edits, choices)
    shown: Properties = {
        "revision": edits.revision,
        "after": _show(workspace, "after", np.asarray(result.preview(PREVIEW))),
        "suggestions": _suggestions(result, edits.touched),
        "alternatives": None,
    }
    yield {"result": shown}
    session = workspace.session(choices.model, choices.pipeline)
    offers = [_describe(offer, result.photo.size) for offer in alternatives(session, hints, choices.vividness)]
    yield {"result": shown | {"alternatives": offers}}


def show_full_size(workspace: Workspace, edits: Edits, choices: Choices) -> Properties:
    """The photo before and after with all its pixels, for a person who has zoomed in: the property `full`."""
    result, _ = _colorize(workspace, edits, choices)
    before = _show_gray(workspace, result.photo, LARGEST_SHOWN)
    after = _show(workspace, "after-full", np.asarray(result.preview(LARGEST_SHOWN)))
    return {"full": {"revision": edits.revision, "before": before, "after": after}}


def download(workspace: Workspace, edits: Edits, choices: Choices) -> Properties:
    """The photo at full size in a file: the property `download`."""
    result, _ = _colorize(workspace, edits, choices)
    path = _new_path(workspace, "download", result_name(workspace.photo_name, edits.format))
    result.save(path, note=edits.note)
    return _as_download(path)


def save_hints(workspace: Workspace, edits: Edits) -> Properties:
    """The hints as a JSON file: the property `download`."""
    size = workspace.photo.size
    path = _new_path(workspace, "hints", f"{Path(workspace.photo_name).stem}-hints.json")
    path.write_text(hints_to_json(strokes_to_hints(edits.strokes, size), size), encoding="utf-8")
    return _as_download(path)


def load_hints(workspace: Workspace, edits: Edits) -> Properties:
    """The hints of a JSON file as strokes: the property `strokes`."""
    size = workspace.photo.size
    try:
        strokes = hints_to_strokes(hints_from_json(edits.text, size), size)
    except HintError as error:
        raise HintError("this file has no hints for the photo; choose one that was saved here") from error
    return {"strokes": {"id": secrets.token_hex(4), "strokes": strokes}}


def explain(error: Exception, revision: int | None = None) -> Properties:
    """What a person is told when something failed: the property `error`; `revision` is that of the call, if known."""
    lost = isinstance(error, LostPhotoError)
    if lost:
        message = "The photo is no longer here; open it again."
    elif isinstance(error, ColorizerError):
        message = str(error)
        if ": " not in message:  # else it begins with a file's name
            message = message[:1].upper() + message[1:]
    else:
        log.error("an event of the page failed", exc_info=error)
        message = "Something went wrong here; try again, or open the photo again."
    return {"error": {"id": secrets.token_hex(4), "message": message, "lost": lost, "revision": revision}}


def _colorize(workspace: Workspace, edits: Edits, choices: Choices) -> tuple[ColorizationResult, list[Hint]]:
    session = workspace.session(choices.model, choices.pipeline)
    hints = strokes_to_hints(edits.strokes, session.photo.size)
    return session.update(hints, vividness=choices.vividness), hints


def _suggestions(result: ColorizationResult, touched: tuple[float, float] | None) -> list[Properties]:
    if touched is None or result.logits is None:
        return []
    (width, height), (x, y) = result.photo.size, touched
    suggestions = result.suggestions(int(x * width), int(y * height), luminance=SWATCHES)
    return [asdict(suggestion) for suggestion in suggestions]


def _describe(offer: Alternative, size: tuple[int, int]) -> Properties:
    described = asdict(offer)
    if offer.hint is not None:
        (stroke,) = hints_to_strokes([offer.hint], size)
        (x, y), *_ = stroke["points"]
        described["hint"] = {"x": x, "y": y, "color": stroke["color"], "radius": stroke["radius"]}
    return described


def _show_gray(workspace: Workspace, photo: Photo, longer_side: int) -> str:
    luminance = photo.reduced(longer_side).luminance
    return _show(workspace, f"before-{longer_side}", np.repeat(luminance[..., None], 3, axis=2))


def _show(workspace: Workspace, kind: str, pixels: np.ndarray) -> str:
    """Write a picture for the page and return its path; the oldest of its kind goes."""
    path = _new_path(workspace, kind, f"{kind}.jpg")
    write(pixels, path, quality=90)
    return str(path)


def _new_path(workspace: Workspace, kind: str, name: str) -> Path:
    """Where a file of this name may be written, in a folder of its own: what a browser has cached is never changed."""
    return workspace.new_folder(kind, kept=_KEPT_PICTURES) / name


def _as_download(path: Path) -> Properties:
    return {"download": {"id": secrets.token_hex(4), "path": str(path), "name": path.name}}

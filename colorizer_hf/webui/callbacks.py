"""What happens when a person does something on the page: functions from what the page says to what it then shows.

They know nothing of Gradio. The page's words (`Edits`) come from a browser and may be anything; answers are properties
of the stage (stage/backend.js).
"""

import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..amounts import DEFAULT_VIVIDNESS, bounded_amount
from ..color_names import color_name
from ..errors import ColorizerError, HintError
from ..hints import Hint, hints_from_json, hints_to_json, hints_to_strokes, strokes_to_hints
from ..imaging import PUT_ASIDE
from ..loading import AnyColorizer
from ..palette import Palette
from ..result import ColorizationResult
from ..session import EditSession
from .alternatives import Alternative, alternatives
from .files import clean_name, find_example, find_upload, result_name
from .palettes import parse_palette, read_reference
from .pictures import View, show_original, show_part, show_result, show_small
from .workspace import Boxes, LostPhotoError, Workspace

SWATCHES = (0.4, 0.8)  # luminance of suggested colours: their differences must be seen

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
        view: How the photo is seen.
        palette: Colours that the picture should be made of.
        boxes: Around things: left, top, right and bottom in shares of the photo's width and height.
        reference: {"path", "name"} of an upload whose colours are asked for.
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
    view: View = field(default_factory=View)
    palette: Palette | None = None
    boxes: Boxes = ()
    reference: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: Any) -> "Edits":
        """Read the stage's value; before anything is done it is empty, which means no photo.

        Raises:
            HintError: it is not what the stage sends.
        """
        if not value:
            return cls(0, {}, [])
        try:
            touched = value.get("touched")
            if touched is not None:
                x, y = (min(max(float(share), 0.0), 1 - 1e-6) for share in touched)
                touched = x, y
            photo, request = value.get("photo") or {}, value.get("request") or {}
            text, strokes = str(request.get("text", "")), list(value.get("strokes") or [])
            settings, view = _settings(value.get("settings")), View.parse(value.get("view"))
            said = {
                "boxes": _boxes(value.get("boxes")),
                "view": view,
                "palette": parse_palette(value.get("palette")),
                "reference": dict(request),
            }
            return cls(int(value["revision"]), dict(photo), strokes, touched, text, **settings, **said)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise HintError("the page and the server do not understand each other; reload the page") from error


def _boxes(value: Any) -> Boxes:
    boxes = ((float(left), float(top), float(right), float(bottom)) for left, top, right, bottom in value or ())
    return tuple(boxes)


def _settings(value: Any) -> dict[str, Any]:
    settings = value or {}
    return {
        "model": str(settings.get("model", "")),
        "vividness": bounded_amount(settings.get("vividness", DEFAULT_VIVIDNESS), DEFAULT_VIVIDNESS),
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
    pipeline: AnyColorizer
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
    if workspace.source == edits.photo:  # the answer was lost on its way, and the page asks again
        photo = workspace.photo
    elif "example" in edits.photo:
        photo = workspace.open(find_example(str(edits.photo["example"])), keep=True)
    else:
        path = find_upload(str(edits.photo.get("path")), uploads)
        photo = workspace.open(path, name=clean_name(str(edits.photo.get("name"))))
    workspace.source = edits.photo
    width, height = photo.size
    facts = {"name": workspace.photo_name, "width": width, "height": height, "notes": _sentences(photo.notes)}
    facts["revision"] = edits.revision
    return {"photo": {"id": secrets.token_hex(4), "before": show_original(workspace, photo, edits.view), **facts}}


def edit(workspace: Workspace, edits: Edits, choices: Choices) -> Iterator[Properties]:
    """Colour the tab's photo as it is now to be: first the picture, then the same with the strip of alternatives.

    Yields:
        The property `result`.

    Raises:
        LostPhotoError: the tab has no photo.
        HintError: the strokes make no sense.
    """
    session, result, hints = _colorize(workspace, edits, choices)
    shown: Properties = {
        "revision": edits.revision,
        "after": show_result(workspace, result, edits.view),
        "part": show_part(workspace, result, edits.view) if edits.view.needs_part(result.photo) else None,
        "notes": _sentences(result.notes),
        "suggestions": _suggestions(result, edits.touched),
        "alternatives": None,
    }
    yield {"result": shown}
    offers = alternatives(session, hints, choices.vividness, edits.palette)
    small = show_small(workspace, "others", [offer.image for offer in offers])
    described = [_describe(offer, path, result.photo.size) for offer, path in zip(offers, small, strict=True)]
    yield {"result": shown | {"alternatives": described}}


def look_closer(workspace: Workspace, edits: Edits, choices: Choices) -> Properties:
    """The part of the photo that a person who has zoomed in, or moved on, sees now: the property `part`."""
    _, result, _ = _colorize(workspace, edits, choices)
    return {"part": show_part(workspace, result, edits.view) | {"revision": edits.revision}}


def download(workspace: Workspace, edits: Edits, choices: Choices) -> Properties:
    """The photo at full size in a file, and what found no place in it: the property `download`."""
    _, result, _ = _colorize(workspace, edits, choices)
    path = workspace.new_folder("download") / result_name(workspace.photo_name, edits.format)
    return _as_download(path, result.save(path, note=edits.note))


def save_hints(workspace: Workspace, edits: Edits) -> Properties:
    """The hints as a JSON file: the property `download`."""
    size = workspace.photo.size
    path = workspace.new_folder("hints") / f"{Path(workspace.photo_name).stem}-hints.json"
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


def read_colors(workspace: Workspace, edits: Edits, uploads: Path) -> Properties:
    """The colours of another photograph: the property `palette`.

    Args:
        workspace: Of the tab.
        edits: `reference` says which.
        uploads: The folder in which uploads arrive; no file elsewhere is taken.

    Raises:
        ImageError: it cannot be read, or is gray.
    """
    path = str(edits.reference.get("path"))
    name = clean_name(str(edits.reference.get("name")))
    return {"palette": read_reference(find_upload(path, uploads), workspace.new_folder("like") / name, upload=path)}


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


def _colorize(
    workspace: Workspace, edits: Edits, choices: Choices
) -> tuple[EditSession, ColorizationResult, list[Hint]]:
    boxes = edits.boxes if choices.pipeline.traits.supports_boxes else ()
    session = workspace.session(choices.model, choices.pipeline, boxes)
    hints = strokes_to_hints(edits.strokes, session.photo.size)
    return session, session.update(hints, vividness=choices.vividness, palette=edits.palette), hints


def _suggestions(result: ColorizationResult, touched: tuple[float, float] | None) -> list[Properties]:
    if touched is None or result.logits is None:
        return []
    (width, height), (x, y) = result.photo.size, touched
    suggestions = result.suggestions(int(x * width), int(y * height), luminance=SWATCHES)
    return [asdict(suggestion) | {"name": color_name(suggestion.color)} for suggestion in suggestions]


def _sentences(notes: Iterable[str]) -> list[str]:
    """What a person should know about how the photo was read, coloured and written."""
    told = [f"{note}; Original shows them" if note == PUT_ASIDE else note for note in notes]
    return [f"{note[:1].upper()}{note[1:]}." for note in told]


def _describe(offer: Alternative, image: str, size: tuple[int, int]) -> Properties:
    described: Properties = vars(offer) | {"image": image}
    if offer.hint is not None:
        (stroke,) = hints_to_strokes([offer.hint], size)
        (x, y), *_ = stroke["points"]
        described["hint"] = {"x": x, "y": y} | {name: value for name, value in stroke.items() if name != "points"}
    return described


def _as_download(path: Path, notes: Iterable[str] = ()) -> Properties:
    download = {"path": str(path), "name": path.name, "notes": _sentences(notes)}
    return {"download": {"id": secrets.token_hex(4), **download}}

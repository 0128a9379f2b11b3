"""The endpoints for programs, `/colorize` and `/batch`: for `gradio_client` and plain HTTP."""

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError
from gradio.utils import get_upload_folder

from ..amounts import DEFAULT_STRENGTH, DEFAULT_VIVIDNESS
from ..errors import ColorizerError
from ..palette import REFERENCE_SIDE, Palette
from .files import SUFFIXES, new_result_folder, read_upload
from .palettes import parse_palette
from .whole_photos import Colorize, Options, Outcome, colorize_file, colorize_files

log = logging.getLogger(__name__)


class Page(gr.Blocks):
    """A page whose calls fail with a sentence, never fetch an address, and may leave out parameters.

    Gradio's own clients fill in defaults themselves; plain HTTP does not. Gradio itself would download a file that is
    given by its address, from wherever the server can reach.
    """

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Refuse addresses, and put defaults where a program gives null or, at the end, nothing."""
        if any(map(_has_address, inputs)):
            problem = "addresses of files are not fetched; upload the photo instead, as handle_file(path) does"
            raise gr.Error(problem, print_exception=False)
        defaults = [component.value for component in block_fn.inputs]
        if block_fn.api_visibility == "public":
            inputs[:] = [default if value is None else value for value, default in zip(inputs, defaults, strict=False)]
        inputs += defaults[len(inputs) :]
        super().validate_inputs(block_fn, inputs)

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Bring what a call gives into the form that functions take."""
        try:
            return await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        except gr.Error:
            raise
        except InvalidPathError as error:
            problem = "a file in this call is none that was uploaded; upload the photo first, as handle_file(path) does"
            raise gr.Error(problem, print_exception=False) from error
        except Exception as error:
            log.info("a call was not understood", exc_info=True)
            problem = (
                "the parameters of this call are not understood; the link Use via API on the page lists their types"
            )
            raise gr.Error(problem, print_exception=False) from error


def _has_address(value: Any) -> bool:
    """Whether a file is given by an address, at any depth."""
    if isinstance(value, Mapping):
        path = value.get("path")
        return (isinstance(path, str) and "://" in path[:20]) or any(map(_has_address, value.values()))
    return isinstance(value, list) and any(map(_has_address, value))


def add_endpoints(models: Sequence[str], colorize: Colorize, limits: dict[str, Any]) -> None:
    """Add the endpoints to the page that is being built.

    Args:
        models: Names to choose from, the default first.
        colorize: What colorizes.
        limits: How many calls run at once, as Gradio's events take it.
    """
    uploads = Path(get_upload_folder())

    def colorize_one(
        photo: str,
        hints: str,
        vividness: float,
        model: str,
        format: str,
        note: bool,
        like: str | None = None,
        palette: str = "",
        palette_strength: float = DEFAULT_STRENGTH,
        boxes: str = "",
    ) -> tuple[str, list[str]]:
        """Give colour to a photograph: a file of its size and with its metadata, and notes.

        `hints` is JSON of width, height and hints with x, y, color and radius in pixels, as the page saves it; empty
        for none. A hint may have a `reach`: "alike" for everything that looks alike, "object" for the thing that it
        lies on, as without one, or "spot" for its own disc; a `color` of null keeps what the model makes of the place.
        `vividness` goes from 0, the safest colours, to 1, as colourful as photographs are. `note` says in
        the metadata that colour was added. `like` is a colour photograph whose colours are used; or `palette` names
        some, "#rrggbb,#rrggbb";
        `palette_strength`, 0 to 1, is how much of the picture should follow them. `boxes` is a JSON list of boxes
        around things, each left, top, right and bottom in pixels, for models that look at things one by one. `notes` is
        a list of what one should know of how the photograph was read, coloured and written.
        """
        with _failures_said():
            colors = _palette(like, palette, palette_strength)
            options = Options(model, vividness, format, note, colors)
            place = new_result_folder(uploads)
            done = colorize_file(_uploaded(photo), place, colorize, options, hints=hints, boxes=boxes)
            return str(done.path), list(done.notes)

    def colorize_batch(
        photos: list[str], vividness: float, model: str, format: str, note: bool
    ) -> tuple[str, list[dict[str, Any]]]:
        """Give colour to many photographs: a zip file, and what became of each.

        The list has one object per photograph: `photo`, `result` (its name in the archive, null if it failed),
        `message` (what went wrong) and `notes` (what one should know of how it was read and written). The options are
        those of `/colorize`.
        """
        with _failures_said():
            archive = new_result_folder(uploads) / "colorized.zip"
            paths = [_uploaded(photo) for photo in photos or []]
            outcomes = colorize_files(paths, archive, colorize, Options(model, vividness, format, note))
            return str(archive), [_described(outcome) for outcome in outcomes]

    # Components give the parameters their types and defaults; nobody sees them.
    hints = gr.Textbox("", label="hints", visible=False)
    vividness = gr.Slider(0, 1, value=DEFAULT_VIVIDNESS, label="vividness", visible=False)
    model = gr.Dropdown(list(models), value=models[0], label="model", visible=False)
    format = gr.Dropdown(list(SUFFIXES), value="JPEG", label="format", visible=False)
    note = gr.Checkbox(True, label="note", visible=False)
    options = [vividness, model, format, note]
    like, palette = gr.File(label="like", visible=False), gr.Textbox("", label="palette", visible=False)
    strength = gr.Slider(0, 1, value=DEFAULT_STRENGTH, label="palette_strength", visible=False)
    boxes = gr.Textbox("", label="boxes", visible=False)
    call = gr.Button(visible=False)
    photo, photos = gr.File(label="photo", visible=False), gr.File(label="photos", file_count="multiple", visible=False)
    result, outcomes = gr.File(label="result", visible=False), gr.JSON(label="outcomes", visible=False)
    parameters, notes = [photo, hints, *options, like, palette, strength, boxes], gr.JSON(label="notes", visible=False)
    call.click(colorize_one, parameters, [result, notes], api_name="colorize", **limits)
    call.click(colorize_batch, [photos, *options], [result, outcomes], api_name="batch", **limits)


def _palette(like: str | None, colors: str, strength: float) -> Palette | None:
    if like:
        return Palette.of_photo(read_upload(Path(like), own_colors=REFERENCE_SIDE), strength=strength)
    names = [color.strip() for color in colors.split(",")]
    return parse_palette({"colors": names, "strength": strength}) if colors.strip() else None


def _described(outcome: Outcome) -> dict[str, Any]:
    described = {"photo": outcome.photo, "result": outcome.result, "message": outcome.message}
    return described | {"notes": list(outcome.notes)}


def _uploaded(photo: str | None) -> Path:
    if not photo:
        raise gr.Error("there is no photo in this call; pass handle_file(path)", print_exception=False)
    return Path(photo)


@contextmanager
def _failures_said() -> Generator[None]:
    """Answer every failure with a sentence, and those that nobody foresaw with one that shows nothing of the inside."""
    try:
        yield
    except gr.Error:
        raise
    except ColorizerError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except Exception as error:
        log.exception("a call failed")
        raise gr.Error(
            "something went wrong here; whoever runs this server finds it in its log", print_exception=False
        ) from error


__all__ = ["Page", "add_endpoints"]

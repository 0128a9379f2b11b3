"""The endpoints for programs, `/colorize` and `/batch`: for `gradio_client` and plain HTTP."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from ..errors import ColorizerError
from ..palette import REFERENCE_SIDE, Palette
from ..vividness import DEFAULT_VIVIDNESS
from .files import SUFFIXES, new_result_folder, read_upload
from .palettes import parse_palette
from .whole_photos import Colorize, Options, colorize_file, colorize_files


class Page(gr.Blocks):
    """A page whose endpoints take calls that leave out parameters at the end, as those of older programs do.

    Gradio's own clients fill in defaults themselves; plain HTTP does not.
    """

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Add what is left out."""
        inputs += [component.value for component in block_fn.inputs[len(inputs) :]]
        super().validate_inputs(block_fn, inputs)


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
    ) -> str:
        """Give colour to a photograph; the result has its size and its metadata.

        `hints` is JSON of width, height and hints with x, y, color and radius in pixels, as the page saves it; empty
        for none. A hint may have a `reach`: "alike" for everything that looks alike, "object" for the thing that it
        lies on, as without one, or "spot" for its own disc; a `color` of null keeps what the model makes of the place.
        `vividness` goes from 0, the safest colours, to 1, as colourful as photographs are. `note` says in
        the metadata that colour was added. `like` is a colour photograph whose colours are used; or `palette` names
        some, "#rrggbb,#rrggbb".
        """
        try:
            options = Options(model, vividness, format, note, _palette(like, palette))
            return str(colorize_file(_uploaded(photo), new_result_folder(uploads), colorize, options, hints=hints))
        except ColorizerError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def colorize_batch(
        photos: list[str], vividness: float, model: str, format: str, note: bool
    ) -> tuple[str, list[dict[str, Any]]]:
        """Give colour to many photographs: a zip file, and what became of each.

        The list has one object per photograph: `photo`, `result` (its name in the archive, null if it failed) and
        `message`. The options are those of `/colorize`.
        """
        archive = new_result_folder(uploads) / "colorized.zip"
        paths = [_uploaded(photo) for photo in photos or []]
        outcomes = colorize_files(paths, archive, colorize, Options(model, vividness, format, note))
        return str(archive), [{"photo": one.photo, "result": one.result, "message": one.message} for one in outcomes]

    # Components give the parameters their types and defaults; nobody sees them.
    hints = gr.Textbox("", label="hints", visible=False)
    vividness = gr.Slider(0, 1, value=DEFAULT_VIVIDNESS, label="vividness", visible=False)
    model = gr.Dropdown(list(models), value=models[0], label="model", visible=False)
    format = gr.Dropdown(list(SUFFIXES), value="JPEG", label="format", visible=False)
    note = gr.Checkbox(True, label="note", visible=False)
    options = [vividness, model, format, note]
    like, palette = gr.File(label="like", visible=False), gr.Textbox("", label="palette", visible=False)
    call = gr.Button(visible=False)
    photo, photos = gr.File(label="photo", visible=False), gr.File(label="photos", file_count="multiple", visible=False)
    result, outcomes = gr.File(label="result", visible=False), gr.JSON(label="outcomes", visible=False)
    call.click(colorize_one, [photo, hints, *options, like, palette], result, api_name="colorize", **limits)
    call.click(colorize_batch, [photos, *options], [result, outcomes], api_name="batch", **limits)


def _palette(like: str | None, colors: str) -> Palette | None:
    if like:
        return Palette.of_photo(read_upload(Path(like), own_colors=REFERENCE_SIDE))
    return parse_palette({"colors": [color.strip() for color in colors.split(",")]}) if colors.strip() else None


def _uploaded(photo: str | None) -> Path:
    if not photo:
        raise gr.Error("there is no photo in this call; pass handle_file(path)", print_exception=False)
    return Path(photo)


__all__ = ["Page", "add_endpoints"]

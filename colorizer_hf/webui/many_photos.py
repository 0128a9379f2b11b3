"""The tab "Many photos": from a heap of files to one archive, with a look at each."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.utils import get_upload_folder

from ..amounts import DEFAULT_VIVIDNESS
from ..loading import AnyColorizer
from .files import SUFFIXES, new_result_folder
from .whole_photos import Colorize, Options, Outcome, colorize_files

_MAX_STARTED = 1000  # tabs of which it is known how to stop their work
_ASSETS = Path(__file__).parent / "assets"
_KINDS = {
    "gray": "Black-and-white photographs",
    "any": "Photographs, near-infrared ones too",
    "nir": "Near-infrared frames",
}
_UNSEEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


class Started:
    """Knows the tabs whose photos are being coloured, and stops them."""

    def __init__(self) -> None:
        self._stops: OrderedDict[str, threading.Event] = OrderedDict()

    def start(self, request: gr.Request) -> threading.Event:
        """What is set when the tab's work is to stop; work that it had begun before stops now."""
        self.stop(request)
        self._stops[str(request.session_hash)] = threading.Event()
        while len(self._stops) > _MAX_STARTED:
            self._stops.popitem(last=False)
        return self._stops[str(request.session_hash)]

    def stop(self, request: gr.Request) -> None:
        """Let the tab's work end after the photo in hand."""
        if stop := self._stops.pop(str(request.session_hash), None):
            stop.set()


def add_many_photos(
    app: gr.Blocks,
    pipelines: Mapping[str, AnyColorizer],
    colorize: Colorize,
    limits: dict[str, Any],
    *,
    show_one: Callable[[], dict[str, Any]],
    tabs: gr.Tabs,
) -> None:
    """Add the tab's content to the page that is being built.

    Args:
        app: The page.
        pipelines: By the name of their model, the default first.
        colorize: What colorizes.
        limits: How many calls run at once, as Gradio's events take it.
        show_one: Gives what turns `tabs` to the tab for one photo.
        tabs: Of the page.
    """
    started = Started()
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            photos = gr.File(label="Photos", file_count="multiple", elem_id="photos", height=260)
        with gr.Column(scale=2, min_width=260):
            model, vividness, format, note = _model(pipelines), _vividness(), _format(), _note()
            begin = gr.Button("Colour all", variant="primary", elem_id="colour-all")
            stop = gr.Button("Stop", visible=False, elem_id="stop")
    archive = gr.File(label="All results", interactive=False, visible=False, elem_id="archive")
    outcomes = gr.HTML(
        apply_default_css=False, elem_id="outcomes", js_on_load=(_ASSETS / "many_photos.js").read_text("utf-8")
    )

    def colorize_all(
        photos: list[str] | None, model: str, vividness: float, format: str, note: bool, request: gr.Request
    ) -> Iterator[dict[Any, Any]]:
        if not photos:
            raise gr.Error("There are no photos yet; choose some.", print_exception=False)
        stopped = started.start(request)
        folder = new_result_folder(Path(get_upload_folder()))
        paths, done = [Path(photo) for photo in photos], list[Outcome]()
        yield {
            begin: gr.update(visible=False),
            stop: gr.update(visible=True, interactive=True, value="Stop"),
            archive: gr.update(visible=False),
            outcomes: _list(paths, done),
        }
        options = Options(model, vividness, format, note)
        with closing(colorize_files(paths, folder / "colorized.zip", colorize, options, looks=folder)) as coming:
            for outcome in coming:
                done.append(outcome)
                if stopped.is_set():
                    break
                yield {outcomes: _list(paths, done)}
        some = any(outcome.result for outcome in done)
        yield {
            begin: gr.update(visible=True),
            stop: gr.update(visible=False),
            archive: gr.update(visible=some, value=str(folder / "colorized.zip") if some else None),
            outcomes: _list(paths, done, ended=True),
        }

    begin.click(
        colorize_all,
        [photos, model, vividness, format, note],
        [begin, stop, archive, outcomes],
        **(limits | _UNSEEN),
    )
    stop.click(started.stop, queue=False, **_UNSEEN)
    stop.click(lambda: gr.update(interactive=False, value="Stopping…"), None, stop, queue=False, **_UNSEEN)
    outcomes.edit_this(show_one, None, tabs, queue=False, **_UNSEEN)
    app.unload(started.stop)


def _list(paths: Sequence[Path], done: Sequence[Outcome], *, ended: bool = False) -> str:
    """The photos with what has become of each, as HTML."""
    count = f"{len(done)} of {len(paths)} done"
    if ended and len(done) < len(paths):
        count = f"Stopped: {count}"
    rows = [_row(path, outcome) for path, outcome in zip(paths, done, strict=False)]
    if not ended and len(done) < len(paths):
        rows.append(f"<li>{escape(paths[len(done)].name)}: being coloured…</li>")
    return f'<p role="status">{count}</p><ul>{"".join(rows)}</ul>'


def _row(path: Path, outcome: Outcome) -> str:
    looks = "".join(
        f'<img src="gradio_api/file={quote(str(look))}" alt="{when}" />'
        for look, when in ((outcome.before, "before"), (outcome.after, "after"))
        if look
    )
    what = outcome.result or f"failed: {outcome.message}"
    notes = "".join(f"<small>{escape(note)}</small>" for note in outcome.notes)
    words = f"<span><b>{escape(outcome.photo)}</b>{escape(what)}{notes}</span>"
    edit = (
        f'<button type="button" data-path="{escape(str(path))}" data-name="{escape(outcome.photo)}" '
        f'aria-label="Edit {escape(outcome.photo)}">Edit this one</button>'
    )
    return f"<li>{looks}{words}{edit if outcome.result else ''}</li>"


def _model(pipelines: Mapping[str, AnyColorizer]) -> gr.Radio:
    """What the photos are, with the technical names of the models in small print."""
    kinds = {name: _KINDS[pipeline.traits.modality] for name, pipeline in pipelines.items()}
    labels = list(kinds.values())
    choices = [(kind if labels.count(kind) == 1 else f"{kind}, {name}", name) for name, kind in kinds.items()]
    info = f"Coloured by {' or '.join(kinds)}."
    return gr.Radio(choices, value=next(iter(kinds)), label="The photos are", info=info, elem_id="kind")


def _vividness() -> gr.Slider:
    info = "0: the safest colours. 1: as colourful as photographs are."
    return gr.Slider(0, 1, value=DEFAULT_VIVIDNESS, step=0.05, label="Vividness", info=info, elem_id="vividness")


def _format() -> gr.Radio:
    return gr.Radio(list(SUFFIXES), value="JPEG", label="File format", info="16-bit photos stay 16-bit in a PNG.")


def _note() -> gr.Checkbox:
    return gr.Checkbox(True, label="Say in the file that colour was added")


__all__ = ["add_many_photos"]

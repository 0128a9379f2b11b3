"""The page: its layout, and which control calls what."""

import asyncio
import base64
import io
import os
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, TypeVar

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # gradio reads it when it is imported

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from ..hints import Hint
from ..imaging import Photo
from ..models.auto import bundled_checkpoints
from ..pipeline import ColorizationPipeline, ColorizationResult
from ..vividness import DEFAULT_VIVIDNESS
from . import stage_files
from .api import add_endpoints
from .files import SUFFIXES, example_photos, new_result_folder
from .handlers import Handlers
from .lent_gpu import Decorator, on_lent_gpu
from .whole_photos import Colorize, Options, Outcome, colorize_files
from .workers import AT_ONCE, finish

MAX_SESSIONS = 1000  # clients whose settings are remembered
NOTE = "Say in the file that colour was added"
_WORK: dict[str, Any] = {"concurrency_id": "photos", "concurrency_limit": AT_ONCE}
_LIVE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_ASSETS = Path(__file__).parent / "assets"

T = TypeVar("T")


def build_app(models: Sequence[str] = (), *, device: str | None = None, lend_gpu: Decorator | None = None) -> gr.Blocks:
    """Make the page.

    Args:
        models: Bundled names, folders or Hub ids to choose from, the default first; empty means all bundled ones.
        device: Where to run; None takes an accelerator if there is one.
        lend_gpu: On hosts that lend a GPU for a call, the decorator of functions that want one. Whole photos are then
            coloured there; editing stays on the CPU, where an edit is done before a GPU would be had.

    Raises:
        CheckpointError: a model cannot be loaded.
    """
    names = list(dict.fromkeys(models)) or [checkpoint.name for checkpoint in bundled_checkpoints()]
    pipelines = _load(names, "cpu" if lend_gpu else device)
    colorize = on_lent_gpu(_colorizer(_load(names, device)), lend_gpu) if lend_gpu else _colorizer(pipelines)
    return _in_an_event_loop(lambda: _build(names, pipelines, colorize))


def _build(names: Sequence[str], pipelines: dict[str, ColorizationPipeline], colorize: Colorize) -> gr.Blocks:
    with gr.Blocks(title="Colorizer", analytics_enabled=False, fill_width=True) as app:
        gr.Markdown("# Colorizer\nColour for photographs that have none.", elem_id="title")
        with gr.Tabs():
            with gr.Tab("One photo"):
                _one_photo(pipelines, app)
            with gr.Tab("Many photos"):
                _many_photos(names, colorize)
            with gr.Tab("How it works"):
                gr.Markdown(_asset("about.md"), elem_id="about")
        add_endpoints(names, colorize, _WORK)
    return app


def serve(
    app: gr.Blocks,
    *,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    max_megabytes: int = 200,
    queue: int = 100,
    auth: tuple[str, str] | None = None,
) -> None:
    """Serve the page until the process is ended.

    Args:
        app: What `build_app` made.
        host: Address to listen on; None leaves it to Gradio: 127.0.0.1, or what the environment says.
        port: None takes the first free one from 7860 on.
        share: Also make a public link by Gradio's servers.
        max_megabytes: Of a file that is uploaded.
        queue: How many calls may wait; further ones are refused.
        auth: User name and password to ask for; None lets everybody in.

    Raises:
        OSError: the port cannot be had.
    """
    options: dict[str, Any] = {
        "server_name": host,
        "server_port": port,
        "share": share,
        "auth": auth,
        "max_file_size": max_megabytes * 1_000_000,
        "theme": _theme(),
        "css": stage_files.style(),
        # Rules given as css count within the page's content only.
        "head": f"<style>{_asset('page.css')}</style>",
        "footer_links": ["api"],
        "run_history": False,  # what somebody coloured is no business of the next person at the same browser
        "ssr_mode": False,
        "app_kwargs": {"routes": [stage_files.route()]},
        "state_session_capacity": MAX_SESSIONS,
    }
    try:
        _in_an_event_loop(lambda: app.queue(max_size=queue, api_open=False).launch(prevent_thread_lock=True, **options))
        app.block_thread()
    finally:  # what the caller then removes must not come back
        app.close(verbose=False)
        finish()


def _in_an_event_loop(make: Callable[[], T]) -> T:
    """Call a function while an event loop runs.

    Where none runs, Gradio makes some that it neither runs nor closes. Clearing them away, as a rule at the very end,
    may print a traceback ("Invalid file descriptor").
    """

    async def inside() -> T:
        return make()

    return asyncio.run(inside())


def _theme() -> gr.themes.Base:
    """Gradio's plain theme, with text dark enough to be read by everybody (WCAG AA)."""
    theme = gr.themes.Base(
        primary_hue="teal", neutral_hue="stone", font=["system-ui", "sans-serif"], font_mono=["monospace"]
    )
    return theme.set(
        body_text_color_subdued="*neutral_600",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
    )


def _load(names: Sequence[str], device: str | None) -> dict[str, ColorizationPipeline]:
    return {name: ColorizationPipeline.from_pretrained(name, device=device) for name in names}


def _colorizer(pipelines: dict[str, ColorizationPipeline]) -> Colorize:
    def colorize(model: str, photo: Photo, hints: list[Hint] | None, vividness: float) -> ColorizationResult:
        return pipelines[model](photo, hints=hints, vividness=vividness)

    return colorize


def _one_photo(pipelines: dict[str, ColorizationPipeline], app: gr.Blocks) -> None:
    handlers = Handlers(pipelines)
    stage = _stage(pipelines)
    live = _WORK | _LIVE
    calls = [
        stage.open(handlers.open, stage, stage, trigger_mode="always_last", **live),
        stage.edit(handlers.edit, stage, stage, trigger_mode="always_last", **live),
        stage.closer(handlers.look_closer, stage, stage, trigger_mode="always_last", **live),
        stage.save_photo(handlers.download, stage, stage, **live),
        stage.save_hints(handlers.save_hints, stage, stage, **_LIVE),
        stage.load_hints(handlers.load_hints, stage, stage, **_LIVE),
    ]
    for call in calls:  # such as a queue that is full: the stage must not wait for ever
        call.failure(fn=None, js=_TELL_STAGE, **_LIVE)
    stage.close(handlers.close, **_LIVE)
    app.unload(handlers.close)


_TELL_STAGE = """() => {
    document.getElementById("stage")?.dispatchEvent(new CustomEvent("stage-failed"));
}"""


def _many_photos(names: Sequence[str], colorize: Colorize) -> None:
    with gr.Row():
        with gr.Column(scale=3, min_width=340):
            photos = gr.File(label="Photos", file_count="multiple", elem_id="photos", height=260)
        with gr.Column(scale=2, min_width=260):
            model, vividness, format, note = _model(names), _vividness(), _format(), _note()
            start = gr.Button("Colour all", variant="primary", elem_id="colour-all")
    archive = gr.File(label="Results", interactive=False, visible=False, elem_id="archive")
    table = gr.HTML(apply_default_css=False, elem_id="outcomes")

    def colorize_all(
        photos: list[str] | None,
        model: str,
        vividness: float,
        format: str,
        note: bool,
        progress: Any = gr.Progress(),  # noqa: B008 - so Gradio finds it
    ) -> tuple[Any, str]:
        if not photos:
            raise gr.Error("There are no photos yet; choose some.", print_exception=False)
        path = new_result_folder(Path(get_upload_folder())) / "colorized.zip"
        outcomes: list[Outcome] = []
        options = Options(model, vividness, format, note)
        for outcome in colorize_files([Path(photo) for photo in photos], path, colorize, options):
            outcomes.append(outcome)
            progress((len(outcomes), len(photos)), desc=outcome.photo, unit="photos")
        return gr.update(value=str(path), visible=True), _table(outcomes)

    start.click(
        colorize_all, [photos, model, vividness, format, note], [archive, table], api_visibility="private", **_WORK
    )


def _table(outcomes: Sequence[Outcome]) -> str:
    rows = [
        "<tr>"
        + "".join(f"<td>{escape(text)}</td>" for text in (one.photo, one.result or "failed", one.message))
        + "</tr>"
        for one in outcomes
    ]
    head = "<tr><th>Photo</th><th>Result</th><th>Remarks</th></tr>"
    return f"<table><caption>One by one</caption><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _stage(pipelines: dict[str, ColorizationPipeline]) -> gr.HTML:
    """The photo with everything that is done on it."""
    return gr.HTML(
        value=None,
        html_template=stage_files.template(),
        js_on_load=stage_files.loader(),
        apply_default_css=False,
        elem_id="stage",
        photo=None,
        result=None,
        part=None,
        strokes=None,
        download=None,
        error=None,
        examples=[_example(path) for path in example_photos()],
        models=[{"name": name, "kind": pipeline.model.config.modality} for name, pipeline in pipelines.items()],
        vividness=DEFAULT_VIVIDNESS,
        modules=stage_files.address(),
    )


def _example(path: Path) -> dict[str, str]:
    file = io.BytesIO()
    with Image.open(path) as photo:
        photo.thumbnail((192, 192))
        photo.save(file, "JPEG", quality=80)
    image = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return {"name": path.name, "label": path.stem.replace("_", " ").capitalize(), "image": image}


def _model(names: Sequence[str]) -> gr.Dropdown:
    return gr.Dropdown(list(names), value=names[0], label="Model", filterable=False)


def _vividness() -> gr.Slider:
    info = "0: the safest colours. 1: as colourful as photographs are."
    return gr.Slider(0, 1, value=DEFAULT_VIVIDNESS, step=0.05, label="Vividness", info=info)


def _format() -> gr.Radio:
    return gr.Radio(list(SUFFIXES), value="JPEG", label="File format", info="16-bit photos stay 16-bit in a PNG.")


def _note() -> gr.Checkbox:
    return gr.Checkbox(True, label=NOTE)


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


__all__ = ["build_app", "serve"]

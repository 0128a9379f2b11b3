"""The page: its layout, and which control calls what."""

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # gradio reads it when it is imported

import gradio as gr

from ..amounts import DEFAULT_VIVIDNESS
from ..bundled import bundled_names
from ..engines.choice import beside, torch_alone
from ..errors import BoxError
from ..hints import Hint
from ..imaging import Photo
from ..loading import AnyColorizer, load_colorizer
from ..palette import Palette
from ..result import ColorizationResult
from ..traits import Traits
from . import stage_files
from .api import Page, add_endpoints
from .examples_shown import offered_example
from .files import example_photos
from .handlers import Handlers
from .lent_gpu import Decorator, on_lent_gpu
from .many_photos import add_many_photos
from .whole_photos import Colorize
from .workers import AT_ONCE, finish, in_few_threads

MAX_SESSIONS = 1000  # clients whose settings are remembered
LOOKS_AFTER = 0.02  # seconds between two looks of an empty queue for something to do
_WORK: dict[str, Any] = {"concurrency_id": "photos", "concurrency_limit": AT_ONCE}
_LIVE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_ASSETS = Path(__file__).parent / "assets"

T = TypeVar("T")


def build_app(
    models: Sequence[str] = (),
    *,
    device: str | None = None,
    detector: str | None = None,
    engine: str = "auto",
    lend_gpu: Decorator | None = None,
) -> gr.Blocks:
    """Make the page.

    Args:
        models: Bundled names, folders or Hub ids to choose from, the default first; empty means all bundled ones.
        device: Where to run; None takes an accelerator if there is one.
        detector: Folder or Hub id of what finds things, for those of the models that want boxes around them.
        engine: See `colorizer_hf.engines.choice.ENGINES`; with one of the other options "auto" is torch.
        lend_gpu: On hosts that lend a GPU for a call, the decorator of functions that want one. Whole photos are then
            coloured there; editing stays on the CPU, where an edit is done before a GPU would be had.

    Raises:
        CheckpointError: a model cannot be loaded, or has no graphs for the engine.
        ColorizerError: the engine is not installed.
        ValueError: there is no such engine, or it cannot go with another option.
    """
    options = {"device": device, "detector": detector, "lend_gpu": lend_gpu}
    engine = beside(engine, **options)
    if engine != "torch" and (needing := torch_alone(**options)):
        raise ValueError(f"{needing[0]} needs the engine torch, not {engine}")
    names = list(dict.fromkeys(models)) or bundled_names()
    pipelines = _load(names, "cpu" if lend_gpu else device, detector, engine)
    colorize = _colorizer(pipelines)
    if lend_gpu:
        colorize = on_lent_gpu(_colorizer(_load(names, device, detector, engine)), lend_gpu)
    return _in_an_event_loop(lambda: _build(names, pipelines, colorize))


def _build(names: Sequence[str], pipelines: dict[str, AnyColorizer], colorize: Colorize) -> gr.Blocks:
    with Page(title="Colorizer", analytics_enabled=False, fill_width=True) as app:
        gr.Markdown("# Colorizer\nColour for photographs that have none.", elem_id="title")
        with gr.Tabs() as tabs:
            with gr.Tab("One photo", id="one"):
                _one_photo(pipelines, app)
            with gr.Tab("Many photos"):
                add_many_photos(app, pipelines, colorize, _WORK, show_one=lambda: gr.update(selected="one"), tabs=tabs)
            with gr.Tab("How it works"):
                gr.Markdown(_asset("about.md") + "\n" + _asset("your_photos.md"), elem_id="about")
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
        _in_an_event_loop(lambda: _launch(app, queue, options))
        app.block_thread()
    finally:  # what the caller then removes must not come back
        app.close(verbose=False)
        finish()


def _launch(app: gr.Blocks, queue: int, options: dict[str, Any]) -> None:
    app.queue(max_size=queue, api_open=False)
    # Gradio looks a thousand times a second, which takes 8 % of a core for as long as the page is served.
    app._queue.sleep_when_free = app._queue.progress_update_sleep_when_free = LOOKS_AFTER
    app.launch(prevent_thread_lock=True, **options)


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


def _load(names: Sequence[str], device: str | None, detector: str | None, engine: str) -> dict[str, AnyColorizer]:
    pipelines = {name: load_colorizer(name, engine=engine, device=device) for name in names}
    if detector is not None:
        _add_detector(pipelines, detector, device)
    return pipelines


def _add_detector(pipelines: dict[str, AnyColorizer], detector: str, device: str | None) -> None:
    """Give one to all that want boxes."""
    from ..detection import Detector
    from ..pipeline import ColorizationPipeline

    wanting = {
        name: pipeline
        for name, pipeline in pipelines.items()
        if isinstance(pipeline, ColorizationPipeline) and pipeline.traits.supports_boxes
    }
    if not wanting:
        problem = f"no model here takes boxes ({', '.join(pipelines)})"
        raise BoxError(f"{problem}; leave the detector out or add one that does")
    found = Detector.from_pretrained(detector, device=device)
    for name, pipeline in wanting.items():
        parts = pipeline.model, pipeline.image_processor
        pipelines[name] = ColorizationPipeline(*parts, device=pipeline.device, detector=found)


def _colorizer(pipelines: dict[str, AnyColorizer]) -> Colorize:
    def colorize(
        model: str, photo: Photo, hints: list[Hint] | None, vividness: float, palette: Palette | None, boxes: Any
    ) -> ColorizationResult:
        return pipelines[model](photo, hints=hints, vividness=vividness, palette=palette, boxes=boxes)

    return colorize


def _one_photo(pipelines: dict[str, AnyColorizer], app: gr.Blocks) -> None:
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
        stage.read_colors(handlers.read_colors, stage, stage, trigger_mode="always_last", **live),
    ]
    for call in calls:  # such as a queue that is full: the stage must not wait for ever
        call.failure(fn=None, js=_TELL_STAGE, **_LIVE)
    stage.close(handlers.close, **_LIVE)
    app.unload(handlers.close)
    color_examples = cache(in_few_threads(_color_examples))
    app.load(lambda: gr.update(examples=color_examples(next(iter(pipelines.values())))), None, stage, **live)


_TELL_STAGE = """() => {
    document.getElementById("stage")?.dispatchEvent(new CustomEvent("stage-failed"));
}"""


def _stage(pipelines: dict[str, AnyColorizer]) -> gr.HTML:
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
        palette=None,
        download=None,
        error=None,
        examples=[offered_example(path) for path in example_photos()],
        models=[_described(name, pipeline.traits) for name, pipeline in pipelines.items()],
        vividness=DEFAULT_VIVIDNESS,
        modules=stage_files.address(),
    )


def _described(name: str, traits: Traits) -> dict[str, Any]:
    """A model as the stage offers it, and whether boxes are drawn for it."""
    return {"name": name, "kind": traits.modality, "boxes": traits.supports_boxes}


def _color_examples(pipeline: AnyColorizer) -> list[dict[str, str]]:
    """The examples, half in colour. The page starts without: the first person who opens it would wait for them."""
    return [offered_example(path, pipeline) for path in example_photos()]


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


__all__ = ["build_app", "serve"]

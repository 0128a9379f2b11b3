"""Between Gradio and the callbacks: finds the tab's workspace, and answers failures with a sentence."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from ..loading import AnyColorizer
from . import callbacks
from .callbacks import Choices, Edits, Properties
from .workers import in_few_threads
from .workspace import LostPhotoError, Workspace, Workspaces

Work = Callable[[Workspace, Edits], Iterable[Properties]]
Updates = Iterator[dict[str, Any]]


class Handlers:
    """What the stage's events call; each takes the stage's value and yields updates of its properties.

    Args:
        pipelines: By the name of their model.
    """

    def __init__(self, pipelines: Mapping[str, AnyColorizer]) -> None:
        self.pipelines = pipelines
        self.uploads = Path(get_upload_folder())
        self.workspaces = Workspaces(self.uploads / f"tabs-{secrets.token_hex(8)}")

    def open(self, value: Any, request: gr.Request) -> Updates:
        """Another photo: show it gray, then in colour."""

        def work(workspace: Workspace, edits: Edits) -> Iterator[Properties]:
            yield callbacks.open_photo(workspace, edits, self.uploads)
            yield from callbacks.edit(workspace, edits, self._choices(edits))

        yield from self._answer(value, request, work)

    def edit(self, value: Any, request: gr.Request) -> Updates:
        """Other strokes, another model or vividness: show the picture that follows."""
        yield from self._answer_of_photo(
            value, request, lambda workspace, edits: callbacks.edit(workspace, edits, self._choices(edits))
        )

    def look_closer(self, value: Any, request: gr.Request) -> Updates:
        """Zoomed in, or moved on: show what is seen now with all its pixels."""
        yield from self._answer_of_photo(
            value, request, lambda workspace, edits: [callbacks.look_closer(workspace, edits, self._choices(edits))]
        )

    def download(self, value: Any, request: gr.Request) -> Updates:
        """The photo as a file."""
        yield from self._answer_of_photo(
            value, request, lambda workspace, edits: [callbacks.download(workspace, edits, self._choices(edits))]
        )

    def save_hints(self, value: Any, request: gr.Request) -> Updates:
        """The hints as a file."""
        yield from self._answer_of_photo(
            value, request, lambda workspace, edits: [callbacks.save_hints(workspace, edits)]
        )

    def load_hints(self, value: Any, request: gr.Request) -> Updates:
        """The hints of a file."""
        yield from self._answer_of_photo(
            value, request, lambda workspace, edits: [callbacks.load_hints(workspace, edits)]
        )

    def read_colors(self, value: Any, request: gr.Request) -> Updates:
        """Another photo whose colours are to be used: say which they are."""
        yield from self._answer_of_photo(
            value, request, lambda workspace, edits: [callbacks.read_colors(workspace, edits, self.uploads)]
        )

    def close(self, request: gr.Request) -> None:
        """The photo was put away, or the tab closed: nothing of it stays."""
        self.workspaces.close(str(request.session_hash))

    def _choices(self, edits: Edits) -> Choices:
        model = edits.model if edits.model in self.pipelines else next(iter(self.pipelines))
        return Choices(model, self.pipelines[model], edits.vividness)

    def _answer_of_photo(self, value: Any, request: gr.Request, work: Work) -> Updates:
        """As `_answer`, for work on the photo that the tab has."""

        def work_on_it(workspace: Workspace, edits: Edits) -> Iterator[Properties]:
            if not edits.photo:
                return  # it was put away before this call was begun
            if workspace.source != edits.photo:
                raise LostPhotoError
            yield from work(workspace, edits)

        yield from self._answer(value, request, work_on_it)

    def _answer(self, value: Any, request: gr.Request, work: Work) -> Updates:
        yield gr.skip()  # of a call without any answer Gradio empties the stage's value
        workspace, revision = self.workspaces.of(str(request.session_hash)), None
        try:
            edits = Edits.parse(value)
            revision = edits.revision
            answers = iter(work(workspace, edits))
            while answer := self._next(workspace, answers):
                yield gr.update(**answer)
        except Exception as error:
            yield gr.update(**callbacks.explain(error, revision))
        self.workspaces.bound_memory()

    @staticmethod
    def _next(workspace: Workspace, answers: Iterator[Properties]) -> Properties | None:
        # Held for one step only: Gradio may take the next one in another thread, or never.
        with workspace.lock:
            return None if workspace.closed else _work(answers)


@in_few_threads
def _work(answers: Iterator[Properties]) -> Properties | None:
    return next(answers, None)


__all__ = ["Handlers"]

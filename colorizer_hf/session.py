"""Editing one photograph: the network sees it once, every change of the hints costs milliseconds."""

from typing import TYPE_CHECKING, Any

from .amounts import DEFAULT_VIVIDNESS
from .hints import Hints
from .palette import Palette
from .result import ColorizationResult

if TYPE_CHECKING:
    from .colorizer import Colorizer
    from .pipeline import ColorizationPipeline


class EditSession:
    """A photograph that is being edited.

        session = EditSession(pipe, "portrait.jpg")
        result = session.update([Hint(120, 80, "#b03030")])

    Args:
        pipeline: What colorizes: a `ColorizationPipeline` or a `Colorizer`.
        photo: In any form that `colorizer_hf.imaging.read` takes.
        size: Working resolution, shorter side in pixels; None takes the network's own.
        boxes: Around things, see `ColorizationPipeline`; they hold for all edits.

    Raises:
        ImageError: the photograph cannot be read.
        BoxError: a box makes no sense, or the network takes none.
    """

    def __init__(
        self, pipeline: "ColorizationPipeline | Colorizer", photo: Any, *, size: int | None = None, boxes: Any = None
    ) -> None:
        self.pipeline = pipeline
        self._seen = pipeline.see(photo, size=size, boxes=boxes)
        self.photo = self._seen.photo

    def update(
        self, hints: Hints = None, *, vividness: float = DEFAULT_VIVIDNESS, palette: Palette | None = None
    ) -> ColorizationResult:
        """The photograph in colour with exactly these hints, as a fresh call of the pipeline would give it.

        Args:
            hints: All hints that hold now, not only new ones.
            vividness: See `ColorizationPipeline`, as for `palette`.
            palette: Colours that the picture should be made of.

        Raises:
            HintError: a hint makes no sense or lies outside the photo.
            ValueError: `vividness` is outside its range.
        """
        return self.pipeline.edit(self._seen, hints, vividness=vividness, palette=palette)


__all__ = ["EditSession"]

"""Editing one photograph: the network sees it once, every change of the hints costs milliseconds."""

from typing import Any

import torch

from .amounts import DEFAULT_VIVIDNESS, check_amount
from .palette import Palette
from .pipeline import ColorizationPipeline, ColorizationResult, Hints


class EditSession:
    """A photograph that is being edited.

        session = EditSession(pipe, "portrait.jpg")
        result = session.update([Hint(120, 80, "#b03030")])

    Args:
        pipeline: What colorizes.
        photo: In any form that `colorizer_hf.imaging.read` takes.
        size: Working resolution, shorter side in pixels; None takes the network's own.
        boxes: Around things, see `ColorizationPipeline`; they hold for all edits.

    Raises:
        ImageError: the photograph cannot be read.
        BoxError: a box makes no sense, or the network takes none.
    """

    def __init__(
        self, pipeline: ColorizationPipeline, photo: Any, *, size: int | None = None, boxes: Any = None
    ) -> None:
        inputs = pipeline.prepare(photo, size=size, boxes=boxes)
        self.pipeline = pipeline
        self.photo = inputs["photo"]
        self._notes = inputs["notes"]
        with torch.inference_mode():
            self._features = pipeline.encode(inputs["luminance"].to(pipeline.device), inputs["boxes"])

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
        check_amount("vividness", vividness)
        batch, notes = self.pipeline.prepare_hints(hints, self.photo)
        colors = self.pipeline.prepare_palette(palette)
        with torch.inference_mode():
            output = self.pipeline.model.decode(self._features, batch, colors, vividness=vividness)
        return self.pipeline.postprocess((self.photo, output, self._notes + notes))


__all__ = ["EditSession"]

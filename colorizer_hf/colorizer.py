"""Photo in, photo out by an engine: the path of a photograph without transformers, and without torch if need be."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .amounts import DEFAULT_VIVIDNESS, check_amount
from .boxes import NOTHING_BOXED
from .errors import BoxError
from .hints import Hints, hints_to_arrays
from .imaging import Photo
from .imaging.levels import Levels, check_levels_and_band
from .models.contrast import common_contrast
from .network_input import input_size, resized_luminance
from .palette import Palette
from .photo_inputs import SeenPhoto, check_contrast, check_palette, hints_for, read_photo, source_and_own
from .result import ColorizationResult

if TYPE_CHECKING:
    from .engines.interface import Engine


class PreparedPhoto(NamedTuple):
    """A photograph and what the network sees of it, luminance (1, 1, h, w)."""

    photo: Photo
    luminance: np.ndarray


class Colorizer:
    """Gives colour to one photograph at a time, as `ColorizationPipeline` does.

        colorizer = Colorizer.from_pretrained(engine="onnx")
        colorizer("portrait.jpg").save("portrait-colour.jpg")

    Args:
        engine: What runs the network.
    """

    def __init__(self, engine: "Engine") -> None:
        self.engine = engine
        self.traits = engine.traits

    @classmethod
    def from_pretrained(cls, name_or_path: str | Path | None = None, *, engine: str = "auto") -> "Colorizer":
        """Load a network.

        Args:
            name_or_path: A bundled checkpoint, a folder or a Hub id. None loads the bundled default.
            engine: See `colorizer_hf.engines.choice.ENGINES`.

        Raises:
            CheckpointError: the checkpoint is missing or damaged, or has no graphs for the engine.
            ColorizerError: the engine is not installed.
            ValueError: there is no such engine.
        """
        from .engines.choice import load_engine

        return cls(load_engine(name_or_path, engine))

    def __call__(
        self,
        photo: Any,
        *,
        hints: Hints = None,
        boxes: Any = None,
        vividness: float = DEFAULT_VIVIDNESS,
        palette: Palette | None = None,
        contrast: tuple[float, float] | None = None,
        size: int | None = None,
        levels: Levels = "auto",
        band: int | None = None,
        allow_urls: bool = False,
    ) -> ColorizationResult:
        """Give colour to a photograph; for the arguments, and what is raised, see `ColorizationPipeline`."""
        source, own_hints, own_boxes = source_and_own(photo)
        self._refuse_boxes(boxes if own_boxes is None else own_boxes)
        if contrast is not None:
            check_contrast(self.traits, contrast)
        prepared = self.prepare(source, size=size, levels=levels, band=band, allow_urls=allow_urls)
        seen = SeenPhoto(prepared.photo, self.engine.encode(prepared.luminance, contrast))
        return self.edit(seen, hints if own_hints is None else own_hints, vividness=vividness, palette=palette)

    def prepare(
        self,
        photo: Any,
        *,
        size: int | None = None,
        levels: Levels = "auto",
        band: int | None = None,
        allow_urls: bool = False,
    ) -> PreparedPhoto:
        """Read a photograph, and shrink its luminance to the network's size."""
        check_levels_and_band(levels, band)
        read = read_photo(photo, levels=levels, band=band, allow_urls=allow_urls)
        shorter = self.traits.working_size if size is None else size
        wanted = input_size(read.luminance.shape, shorter, self.traits.size_multiple)
        return PreparedPhoto(read, resized_luminance(read.luminance, wanted))

    def see(self, photo: Any, *, size: int | None = None, boxes: Any = None) -> SeenPhoto:
        """Read a photograph and let the network see it, for any number of calls of `edit`."""
        self._refuse_boxes(boxes)
        prepared = self.prepare(photo, size=size)
        return SeenPhoto(prepared.photo, self.engine.encode(prepared.luminance))

    def edit(
        self, seen: SeenPhoto, hints: Hints = None, *, vividness: float, palette: Palette | None = None
    ) -> ColorizationResult:
        """The photograph in colour with exactly these hints."""
        check_amount("vividness", vividness)
        check_palette(self.traits, palette)
        known, notes = hints_for(self.traits, hints, seen.photo)
        if self.traits.supports_boxes:
            notes = (NOTHING_BOXED, *notes)
        arrays = hints_to_arrays(known, seen.photo.size)
        colors = self.engine.decode(
            seen.features, arrays, None if palette is None else palette.as_array(), vividness=vividness
        )
        return ColorizationResult(
            seen.photo,
            chroma=colors.chroma,
            logits=colors.logits,
            bin_centers=None if colors.logits is None else self.traits.bin_centers,
            predicted_luminance=colors.luminance,
            notes=notes,
            suggestion_sharpness=self.traits.suggestion_sharpness,
        )

    def _refuse_boxes(self, boxes: Any) -> None:
        """Raises BoxError if there are any."""
        if boxes is not None and len(boxes):
            if self.traits.supports_boxes:
                raise BoxError("boxes around things are for ColorizationPipeline, which a Colorizer is not")
            raise BoxError(f"a {self.traits.model_type} takes no boxes; leave them out or take another model")

    def common_contrast(self, frames: Iterable[Any], **options: Any) -> tuple[float, float]:
        """The `contrast` of near-infrared frames of one camera; see `ColorizationPipeline.common_contrast`."""
        return common_contrast(self.prepare(frame, **options).luminance for frame in frames)


__all__ = ["Colorizer"]

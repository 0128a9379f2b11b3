"""What near-infrared frames of one camera have in common, so that a series of them does not flicker."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from ..errors import ImageError
from .addresses import Place, readable

if TYPE_CHECKING:
    from ..colorizer import Colorizer
    from ..imaging import Photo
    from ..imaging.levels import Levels
    from ..pipeline import ColorizationPipeline


def find_exposure(
    pipeline: "ColorizationPipeline | Colorizer",
    frames: Sequence[Place],
    *,
    levels: "Levels",
    band: int | None,
    size: int | None,
) -> "tuple[Levels, tuple[float, float] | None]":
    """The levels and the contrast for all frames.

    By the rule of "auto" a dark frame could get a white of its own; here the brightest one's holds for all.

    Args:
        pipeline: With a network for near-infrared frames.
        frames: Where they lie; what cannot be read does not count.
        levels: As they were asked for.
        band: Which band of several is the frame.
        size: Shorter side in pixels at which the network sees them.

    Raises:
        typer.BadParameter: the network is one for gray photographs.
    """
    if pipeline.traits.modality == "gray":
        raise typer.BadParameter("it is for near-infrared frames; give --nir too", param_hint="--same-camera")
    from ..imaging import read

    found: set[tuple[float, float] | None] = set()

    def seen(levels: "Levels") -> "Iterator[Photo]":
        for path in frames:
            try:
                photo = read(readable(path), levels=levels, band=band)
            except ImageError:  # it is reported when its turn comes
                continue
            found.add(photo.levels)
            yield photo

    try:
        contrast = pipeline.common_contrast(seen(levels), size=size)
        if levels == "auto" and len(found) > 1 and None not in found:
            levels = max(span for span in found if span is not None)
            contrast = pipeline.common_contrast(seen(levels), size=size)
    except ValueError:  # none can be read, as each will be told in its turn
        return levels, None
    return levels, contrast

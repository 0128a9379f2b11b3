"""A photograph with colour: what every face of the package hands out. Torch is not needed for it."""

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import IO

import numpy as np
from PIL import Image

from .arrays import AnyArray, to_numpy
from .chroma_upsampling import render, restore_luminance
from .color import lab_to_rgb, lightness_table, rgb_to_hex
from .errors import ColorizerError
from .imaging import Photo, eight_bit, with_note, without_location, write
from .suggestions import likely_colors


@dataclass(frozen=True)
class Suggestion:
    """A likely colour at a point.

    Attributes:
        color: "#rrggbb" at the photo's own luminance there, or the nearest that was asked for.
        share: Share of the predicted distribution that lies near it, in [0, 1].
    """

    color: str
    share: float


class ColorizationResult:
    """A photograph with colour.

    Attributes:
        photo: What was read: luminance, alpha, metadata, notes.
        chroma: (2, h, w), predicted Lab a and b / 110 at the network's resolution; an array of numpy or a tensor of
            torch, as for those that follow.
        logits: (Q, h, w) over chroma bins, or None.
        bin_centers: (Q, 2), ab / 110 of the bins, or None.
        predicted_luminance: (1, h, w), L / 100; None where the photo's own is kept, as of all but near-infrared frames.
        notes: What a person should know about how the photo was read and coloured, as phrases.
        suggestion_sharpness: What the logits are multiplied by before suggestions are made.
    """

    def __init__(
        self,
        photo: Photo,
        chroma: AnyArray,
        logits: AnyArray | None,
        bin_centers: AnyArray | None,
        predicted_luminance: AnyArray | None = None,
        notes: tuple[str, ...] = (),
        suggestion_sharpness: float = 1.0,
    ) -> None:
        self.notes = (*photo.notes, *notes)
        self.suggestion_sharpness = suggestion_sharpness
        self.photo = photo
        self.chroma = chroma
        self.logits = logits
        self.bin_centers = bin_centers
        self.predicted_luminance = predicted_luminance

    @cached_property
    def luminance(self) -> np.ndarray:
        """(H, W) luminance codes of the result: the photo's own, or of a near-infrared frame those in visible light."""
        return self._luminance_of(self.photo)

    def _luminance_of(self, photo: Photo) -> np.ndarray:
        if self.predicted_luminance is None:
            return photo.luminance
        return restore_luminance(photo.luminance, self.predicted_luminance)

    @cached_property
    def pixels(self) -> np.ndarray:
        """sRGB at the photo's size, (H, W, 3), or (H, W, 4) with its alpha; uint8, or uint16 for 16-bit photos."""
        return render(self.luminance, self.chroma, self.photo.alpha)

    @property
    def image(self) -> Image.Image:
        """The picture at the photo's size, 8 bits a channel; `save` keeps 16."""
        return Image.fromarray(eight_bit(self.pixels))

    def preview(self, longer_side: int = 1600, *, part: tuple[int, int, int, int] | None = None) -> Image.Image:
        """The picture for a screen: rendered at a reduced size, not at the photo's.

        Args:
            longer_side: Of the preview in pixels, at most; a smaller photo of 8 bits gives its `image`.
            part: Left, top, right and bottom, in pixels of the preview, of what is wanted of it; None means all.
        """
        photo = self.photo.reduced(longer_side)
        if part is None and photo is self.photo:
            return self.image
        left, top, right, bottom = part or (0, 0, *photo.size)
        rows, columns = slice(top, bottom), slice(left, right)
        return Image.fromarray(render(self._luminance_of(photo), self.chroma, photo.alpha, rows=rows, columns=columns))

    def suggestions(
        self, x: float, y: float, k: int = 5, *, luminance: tuple[float, float] = (0.0, 1.0)
    ) -> list[Suggestion]:
        """The likeliest colours at a point, the likeliest first.

        Args:
            x: Column in pixels of the photo.
            y: Row in pixels of the photo.
            k: How many at most.
            luminance: Range of CIELAB L / 100 in which the colours are given: the photo's own luminance there is moved
                into it. In the dark all colours look black.

        Raises:
            ColorizerError: the network predicts no distribution, or the point lies outside the photo.
        """
        if self.logits is None or self.bin_centers is None:
            raise ColorizerError("this network predicts one colour, not a distribution, so it has no suggestions")
        height, width = self.photo.luminance.shape
        if not (0 <= x < width and 0 <= y < height):
            raise ColorizerError(f"the point ({x:g}, {y:g}) lies outside the photo of {width} x {height} pixels")
        h, w = self.logits.shape[-2:]
        logits = self.suggestion_sharpness * to_numpy(self.logits[:, int(y / height * h), int(x / width * w)])
        shares = np.exp(logits - logits.max())
        code = self.luminance[int(y), int(x)]
        darkest, brightest = luminance
        shown = min(max(float(lightness_table(self.photo.luminance.dtype)[code]), darkest), brightest)
        colors = likely_colors(shares / shares.sum(), to_numpy(self.bin_centers), k)
        return [Suggestion(_hex_color(shown, chroma), share) for chroma, share in colors]

    def save(
        self,
        destination: str | PathLike[str] | IO[bytes],
        *,
        format: str | None = None,
        quality: int = 95,
        note: bool = True,
        gps: bool = True,
    ) -> tuple[str, ...]:
        """Write the picture with the photo's metadata.

        Args:
            destination: Path; address that fsspec knows, such as s3://; or binary file object, which is written at its
                position. 16-bit photos stay 16-bit in PNG, TIFF, JPEG 2000 and JPEG XL.
            format: One of `colorizer_hf.imaging.WRITTEN`; None takes it from the path's suffix.
            quality: 1..100, of JPEG, WebP, HEIC, AVIF, JPEG 2000 and JPEG XL; 100 loses nothing in the last two.
            note: Say in the metadata that a model added the colours; BMP has no place for it.
            gps: Keep where the photo was taken: coordinates, named places, georeference; False is for publishing.

        Returns:
            What of the photo's metadata found no place in the file, as phrases.

        Raises:
            ImageError: the picture cannot be written; nothing is left behind.
            TypeError: a file object is in text mode.
            ValueError: there is no such format, or none is given for a file object; the quality is none.
        """
        metadata = self.photo.metadata if gps else without_location(self.photo.metadata)
        metadata = with_note(metadata) if note else metadata
        return write(self.pixels, destination, metadata=metadata, format=format, quality=quality)


def _hex_color(luminance: float, chroma: np.ndarray) -> str:
    """A colour of the given luminance (L / 100) and chroma (ab / 110), inside the gamut, as "#rrggbb"."""
    rgb = lab_to_rgb(np.full((1, 1, 1, 1), luminance, np.float32), chroma.reshape(1, 2, 1, 1))
    return rgb_to_hex((255 * rgb).ravel().tolist())


__all__ = ["ColorizationResult", "Suggestion"]

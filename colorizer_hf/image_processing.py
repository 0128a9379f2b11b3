"""Photographs to network input."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoImageProcessor, BatchFeature
from transformers.image_processing_utils import BaseImageProcessor

from .errors import CheckpointError
from .imaging import Photo, read
from .models.auto import ARCHITECTURES, resolve_checkpoint
from .models.fetching import PROCESSOR_FILES
from .network_input import cropped_luminance, input_size, resized_luminance
from .options import refuse_unknown

# Of loading, beside those for the Hub: its own, and what the base class knows.
LOADING_OPTIONS = ("working_size", "size_multiple", "subfolder", "proxies", "trust_remote_code", "return_unused_kwargs")


class ColorizerImageProcessor(BaseImageProcessor):
    """Turn photographs into the luminance that a network sees.

    Args:
        working_size: Shorter side of the network's input in pixels.
        size_multiple: Both sides are rounded to multiples of this; the picture is stretched by so little, so that the
            network's output covers exactly the photo.
    """

    model_input_names = ["luminance"]  # noqa: RUF012  (as in every image processor of transformers)

    def __init__(self, working_size: int = 192, size_multiple: int = 32, **kwargs) -> None:
        super().__init__(**kwargs)
        self.working_size = working_size
        self.size_multiple = size_multiple

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | PathLike[str],
        cache_dir: str | PathLike[str] | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        token: str | bool | None = None,
        revision: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Load the image processor of a checkpoint.

        Args:
            pretrained_model_name_or_path: A bundled name, a folder or a Hub id.
            cache_dir: For a Hub id, like the next ones; see `HubOptions`.
            force_download: See `HubOptions`.
            local_files_only: See `HubOptions`.
            token: See `HubOptions`.
            revision: See `HubOptions`.
            **kwargs: As in transformers, which a `subfolder` is left to altogether.

        Raises:
            CheckpointError: it cannot be had; says what to do.
            TypeError: there is no such option.
        """
        options: Any = {
            "cache_dir": cache_dir,
            "force_download": force_download,
            "local_files_only": local_files_only,
            "token": token,
            "revision": revision,
        }
        if "_from_auto" not in kwargs:  # AutoImageProcessor hands on whatever it and `pipeline` got
            own = (name for name in kwargs if not name.startswith("_"))
            refuse_unknown(cls.__name__, own, (*options, *LOADING_OPTIONS))
        name = pretrained_model_name_or_path
        if kwargs.get("subfolder") or Path(name).is_file():
            return super().from_pretrained(name, **options, **kwargs)
        folder = resolve_checkpoint(name, PROCESSOR_FILES, **options)
        try:
            return super().from_pretrained(folder, **kwargs)
        except (OSError, ValueError) as error:
            problem = f"{name} has no preprocessor_config.json that can be read; save its image processor there too"
            raise CheckpointError(problem) from error

    def preprocess(self, images, size: int | None = None, return_tensors: str = "pt") -> BatchFeature:
        """Read and shrink photographs.

        Args:
            images: One photograph or a list of them, in any form that `colorizer_hf.imaging.read` takes. Those of a
                list must have the same size at the network's input.
            size: Shorter side in pixels instead of `working_size`.
            return_tensors: "pt".

        Returns:
            `luminance` (B, 1, h, w), L / 100 in [0, 1].

        Raises:
            ImageError: a photograph cannot be read.
            ValueError: `size` is smaller than `size_multiple` or larger than `MAX_SIZE`.
        """
        photos = images if isinstance(images, Sequence) and not isinstance(images, str | bytes) else [images]
        luminance = [self.shrink(image if isinstance(image, Photo) else read(image), size=size) for image in photos]
        return BatchFeature({"luminance": torch.cat(luminance)}, tensor_type=return_tensors)

    def shrink(self, photo: Photo, *, size: int | None = None) -> Tensor:
        """The photo's luminance at the network's input size, (1, 1, h, w) in [0, 1]."""
        return torch.from_numpy(resized_luminance(photo.luminance, self.input_size(photo.luminance.shape, size=size)))

    def crop(self, photo: Photo, edges: tuple[float, float, float, float], side: int) -> Tensor:
        """What is inside a box of the photo, a square; see `cropped_luminance`."""
        return torch.from_numpy(cropped_luminance(photo, edges, side))

    def input_size(self, shape: tuple[int, int], *, size: int | None = None) -> tuple[int, int]:
        """Height and width of the network's input for a photo of the given height and width."""
        return input_size(shape, self.working_size if size is None else size, self.size_multiple)


for _architecture in ARCHITECTURES.values():
    AutoImageProcessor.register(_architecture.config, slow_image_processor_class=ColorizerImageProcessor, exist_ok=True)

__all__ = ["ColorizerImageProcessor"]

"""Finding things in a photograph: any object detector of transformers, for networks that look at things one by one."""

from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import AutoImageProcessor, AutoModelForObjectDetection

from .boxes import Box
from .devices import check_device
from .errors import CheckpointError
from .imaging import Photo
from .models.auto import no_progress_bar
from .models.fetching import REQUIRED, HubOptions, fetch_checkpoint

SCORE_THRESHOLD = 0.7  # Su, Chu, Huang 2020: of the boxes that their networks were trained with
LONGER_SIDE = 1333  # pixels; detectors look at no larger pictures


class Detector:
    """Finds things in photographs.

    Args:
        model: An object detector of transformers; `from_pretrained` loads one.
        image_processor: Its own.
        threshold: Score below which nothing counts as a thing.
        device: Where to run; None is the CPU.

    Raises:
        ValueError: there is no such device here.
    """

    def __init__(
        self,
        model: Any,
        image_processor: Any,
        *,
        threshold: float = SCORE_THRESHOLD,
        device: int | str | torch.device | None = None,
    ) -> None:
        self.device = torch.device("cpu" if device is None else device)
        check_device(self.device)
        self.model = model.to(self.device).eval()
        self.image_processor = image_processor
        self.threshold = threshold

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        threshold: float = SCORE_THRESHOLD,
        device: int | str | torch.device | None = None,
        **options: Unpack[HubOptions],
    ) -> "Detector":
        """Load a detector: safetensors only, and none that brings code of its own.

        Args:
            name_or_path: A folder or a Hub id.
            threshold: See `Detector`.
            device: See `Detector`.
            **options: For a Hub id, see `HubOptions`.

        Raises:
            CheckpointError: it is missing, damaged or no object detector, or needs a package that is not installed.
        """
        folder, name = _resolve(name_or_path, **options), str(name_or_path)
        loading: Any = {"trust_remote_code": False, "local_files_only": True}
        try:
            # Of "pil" there is one for every detector; the other wants torchvision (see docs/architecture.md).
            image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil", **loading)
            with no_progress_bar():
                loading |= {"use_safetensors": True, "output_loading_info": True}
                model, info = AutoModelForObjectDetection.from_pretrained(folder, **loading)
        except (ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError, SafetensorError) as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise CheckpointError(f"{name} cannot be loaded as an object detector: {reason.split('. ')[0]}") from error
        if info["missing_keys"]:
            key = sorted(info["missing_keys"])[0]
            raise CheckpointError(f"{name} lacks weights, such as {key}; it is no object detector, or not whole")
        if not hasattr(image_processor, "post_process_object_detection"):
            raise CheckpointError(f"{name} has an image processor that finds no boxes; take another detector")
        return cls(model, image_processor, threshold=threshold, device=device)

    @torch.inference_mode()
    def detect(self, photo: Photo) -> list[Box]:
        """The things in a photograph, in whole pixels, the surest first.

        The detector sees the luminance in all three channels, as a gray photograph has it.
        """
        gray = photo.reduced(LONGER_SIDE).luminance
        inputs = self.image_processor(images=np.stack([gray] * 3, axis=-1), return_tensors="pt").to(self.device)
        width, height = photo.size
        (found,) = self.image_processor.post_process_object_detection(
            self.model(**inputs), threshold=self.threshold, target_sizes=[(height, width)]
        )
        edges = found["boxes"].cpu().round().clamp(min=0).minimum(torch.tensor([width, height] * 2))
        things = zip(found["scores"].tolist(), edges.tolist(), strict=True)
        boxes = [Box(*place, score=score) for score, place in things if place[0] < place[2] and place[1] < place[3]]
        return sorted(boxes, key=lambda box: -box.score)


def _resolve(name_or_path: str | Path, **options: Unpack[HubOptions]) -> Path:
    """The folder of a detector; one of the Hub is downloaded into the cache if it is not there."""
    path = Path(name_or_path)
    if path.is_dir():
        return path
    name = str(name_or_path)
    if name.count("/") == 1 and not path.is_absolute():
        return fetch_checkpoint(name, REQUIRED, **options)
    raise CheckpointError(f"there is no detector {name}; give a folder or a Hub id such as owner/name")


__all__ = ["SCORE_THRESHOLD", "Detector"]

"""The contract of a colorization network: its configuration, its four methods, its output.

Shapes: B photos, H x W pixels of the network's input, h x w cells of its output, K hints, N boxes, Q chroma bins.
Ranges: luminance is CIELAB L / 100 (or near-infrared intensity) in [0, 1]; chroma is CIELAB a and b / 110, so sRGB
colours lie in about [-0.98, 0.89].
"""

from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

import torch
import torch.nn.functional as F
from huggingface_hub.dataclasses import strict
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from .box_batch import BoxBatch
from .contrast import CONTRAST_ENDS
from .hint_batch import HintBatch
from .precision import in_full_precision

CHROMA_SCALE = 110.0  # Lab a and b are divided by this everywhere; color.py has it too, which a network cannot import
LUMINANCE_MARGIN = 0.01  # black and white are taken for this much less than that, or nothing could move them


@strict
class ColorizerConfig(PreTrainedConfig):
    """What every colorizer states about itself.

    Attributes:
        modality: What the network was trained on: "gray" photographs, "nir" frames, or "any" of the two.
        working_size: Shorter side in pixels at which the network is normally run.
        size_multiple: The sides of the network's input should be multiples of this; others are padded inside.
    """

    model_type = "colorizer"

    modality: Literal["gray", "nir", "any"] = "gray"
    working_size: int = 256
    size_multiple: int = 32


@dataclass
class ColorizerOutput(ModelOutput):
    """What a colorizer returns.

    Attributes:
        chroma: (B, 2, h, w), Lab a and b / 110.
        logits: (B, Q, h, w) over the network's chroma bins; None for networks without a distribution.
        luminance: (B, 1, h, w), Lab L / 100; only from networks that predict it (near-infrared input).
        loss: Scalar; only when labels were given.
    """

    chroma: Tensor
    logits: Tensor | None = None
    luminance: Tensor | None = None
    loss: Tensor | None = None


class ColorizerModel(PreTrainedModel):
    """Base of every colorization network.

    A subclass implements `encode` and `decode`. Everything that does not depend on hints belongs into `encode`, which
    runs once per photo; `decode` runs once per edit. Both are `in_full_precision` as far as they use weights: those may
    be kept in half precision, tensors that come and go are float32.
    """

    config_class = ColorizerConfig
    base_model_prefix = "colorizer"
    main_input_name = "luminance"
    input_modalities = "image"
    supports_hints: bool = True  # networks that cannot use hints refuse a batch that holds any
    supports_palette: bool = False  # likewise
    supports_boxes: bool = False  # networks that do have `encode(luminance, boxes=None)`, with a `BoxBatch`
    limits_reach: bool = True  # networks that carry hints as far as they please take all for those of reach "alike"
    suggestion_sharpness: float = 1.0  # of the distribution that suggestions are made of: less than 1 softens it

    bin_centers: Tensor  # (Q, 2), ab / 110 of the chroma bins; of networks that predict a distribution

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | PathLike[str] | None, *model_args: Any, **kwargs: Any
    ) -> Any:
        """Load a checkpoint of this kind of network; `load_model` loads any kind.

        Like the method of transformers, but stricter: weights must fit exactly, and are never unpickled.

        Args:
            pretrained_model_name_or_path: A bundled name, a folder or a Hub id.
            *model_args: See transformers, as for `kwargs`. A `subfolder` is left to transformers altogether.
            **kwargs: `config`, `dtype`, `revision`, `token`, `cache_dir`, `local_files_only`, `force_download`, ...

        Returns:
            The network in evaluation mode; with `output_loading_info=True` a pair of it and the keys of weights that
            did not fit, which are then no error.

        Raises:
            CheckpointError: the checkpoint is missing, damaged, incomplete or of another kind; says what to do.
        """
        from .auto import load_as

        if pretrained_model_name_or_path is None or kwargs.get("subfolder"):
            return super().from_pretrained(pretrained_model_name_or_path, *model_args, **kwargs)
        return load_as(cls, pretrained_model_name_or_path, *model_args, **kwargs)

    def encode(self, luminance: Tensor) -> Any:
        """Compute everything that does not depend on hints.

        Networks that look at things one by one (`supports_boxes`) take a second argument, a `BoxBatch`: where things
        are is known with the photo, and no edit changes it. None and an empty batch mean the same. Those of modality
        "nir" take `contrast`, (2,): which luminance counts as black and which as white, instead of what `stretch` finds
        in each frame.

        Args:
            luminance: (B, 1, H, W) in [0, 1].

        Returns:
            Features in a form of the network's own, to be handed to `decode`.
        """
        raise NotImplementedError

    def decode(
        self, features: Any, hints: HintBatch | None = None, palette: Tensor | None = None, *, vividness: float = 0.0
    ) -> ColorizerOutput:
        """Predict the chroma.

        Args:
            features: What `encode` returned.
            hints: Colour hints; None and an empty batch mean the same.
            palette: (B, P, 3), colours that the picture should be made of: Lab a and b / 110, and the share of the
                picture that each should have; what the shares lack to 1 is left to the network, None leaves it all.
            vividness: 0 gives the expected colour, which has the least error; 1 a colour as vivid as in real
                photographs. Networks that predict no distribution ignore it.

        Returns:
            The output without `loss`.
        """
        raise NotImplementedError

    def forward(
        self,
        luminance: Tensor,
        hints: HintBatch | None = None,
        palette: Tensor | None = None,
        labels: Tensor | None = None,
        boxes: BoxBatch | None = None,
        **kwargs: Any,
    ) -> ColorizerOutput:
        """`decode(encode(luminance))`, with a loss when labels are given.

        Args:
            luminance: (B, 1, H, W) in [0, 1].
            hints: See `decode`.
            palette: See `decode`.
            labels: (B, 2, H, W), the true Lab a and b / 110; for networks that predict the luminance (B, 3, H, W),
                with the true L / 100 in front.
            boxes: See `encode`.
            **kwargs: Passed to `decode`.

        Raises:
            ValueError: the labels have another number of channels, or there are boxes and the network takes none.
        """
        if boxes is not None and not self.supports_boxes:
            raise ValueError(f"{type(self).__name__} takes no boxes; pass boxes=None")
        where: dict[str, Any] = {} if boxes is None else {"boxes": boxes}
        output = self.decode(self.encode(luminance, **where), hints, palette, **kwargs)
        if labels is not None:
            channels = 2 if output.luminance is None else 3
            if labels.shape[1] != channels:
                raise ValueError(f"labels must have shape (B, {channels}, H, W), got {tuple(labels.shape)}")
            output.loss = self.loss(output, labels)
        return output

    def loss(self, output: ColorizerOutput, labels: Tensor) -> Tensor:
        """What training minimises: see `chroma_huber_loss` and `luminance_loss`; networks may have their own.

        Args:
            output: Of `decode`.
            labels: As for `forward`.

        Returns:
            A scalar.
        """
        loss = chroma_huber_loss(output.chroma, labels[:, -2:])
        return loss if output.luminance is None else loss + luminance_loss(output.luminance, labels[:, :1])

    def refuse_unsupported(self, hints: HintBatch | None, palette: Tensor | None) -> None:
        """For `decode`: raises ValueError if there are hints or a palette that the network cannot use."""
        if hints is not None and not self.supports_hints and hints.mask.any():
            raise ValueError(f"{type(self).__name__} takes no hints; pass hints=None")
        if palette is not None and not self.supports_palette:
            raise ValueError(f"{type(self).__name__} takes no palette; pass palette=None")


class HintlessColorizer(ColorizerModel):
    """Base of networks without hints and without a distribution.

    `encode` gives the chroma (B, 2, H, W), with the luminance in front (B, 3, H, W) if the network predicts it.
    """

    supports_hints = False

    def decode(
        self, features: Tensor, hints: HintBatch | None = None, palette: Tensor | None = None, *, vividness: float = 0.0
    ) -> ColorizerOutput:
        """The features as they are; see the contract.

        Raises:
            ValueError: there are hints or a palette.
        """
        self.refuse_unsupported(hints, palette)
        luminance = features[:, :-2]
        return ColorizerOutput(chroma=features[:, -2:], luminance=luminance if luminance.shape[1] else None)


class AutomaticColorizer(HintlessColorizer):
    """Base of the U-Nets.

    A subclass implements the two paths of the U, for photos whose sides are multiples of `config.size_multiple`.
    """

    def contract(self, luminance: Tensor) -> list[Tensor]:
        """The way down.

        Args:
            luminance: (B, 1, H, W) in [0, 1].

        Returns:
            Feature maps (B, C, h, w), fine to coarse.
        """
        raise NotImplementedError

    def expand(self, maps: list[Tensor], luminance: Tensor) -> Tensor:
        """The way up: from the maps of `contract` to what `encode` gives."""
        raise NotImplementedError

    @in_full_precision
    def encode(self, luminance: Tensor) -> Tensor:
        """The colours of photos of any size; see the contract."""
        height, width = luminance.shape[-2:]
        padded = pad_to_multiple(luminance, self.config.size_multiple)
        return self.expand(self.contract(padded), padded)[..., :height, :width]


def pad_to_multiple(luminance: Tensor, multiple: int) -> Tensor:
    """Luminance (B, 1, H, W) continued to the right and below by its edge, to sides that are multiples of a number."""
    height, width = luminance.shape[-2:]
    return F.pad(luminance, (0, -width % multiple, 0, -height % multiple), mode="replicate")


def stretch(luminance: Tensor, contrast: Tensor | None = None) -> Tensor:
    """Near-infrared frames (B, 1, H, W) at full contrast: 0.5 % of the pixels become black, 0.5 % white.

    Exposure says nothing about colour in near-infrared; an even frame stays even, and becomes black. `contrast` (2,)
    gives black and white instead, for frames that were exposed alike.
    """
    if contrast is None:
        ends = torch.tensor(CONTRAST_ENDS, device=luminance.device)
        contrast = torch.quantile(luminance.float().flatten(1), ends, dim=1)
    low, high = contrast.to(luminance).view(2, -1, 1, 1, 1)
    return ((luminance - low) / (high - low).clamp(min=1e-3)).clamp(0, 1)


def shift_luminance(luminance: Tensor, logits: Tensor) -> Tensor:
    """Luminance (B, 1, H, W) moved by logits of its size, within (0, 1); logits of 0 leave it all but as it is."""
    return (luminance.logit(eps=LUMINANCE_MARGIN) + logits).sigmoid()


def chroma_huber_loss(chroma: Tensor, labels: Tensor, *, delta: float = 0.1) -> Tensor:
    """Huber loss between predicted and true chroma, both ab / 110; labels of a larger size are averaged down first.

    Args:
        chroma: (B, 2, h, w).
        labels: (B, 2, H, W).
        delta: Error in ab / 110 at which the loss turns from quadratic to linear.

    Returns:
        Mean over all elements, a scalar; divided by `delta`, so large errors weigh as in the L1 loss.
    """
    if labels.shape[-2:] != chroma.shape[-2:]:
        labels = F.interpolate(labels, chroma.shape[-2:], mode="area")
    return F.huber_loss(chroma, labels, delta=delta) / delta


def luminance_loss(luminance: Tensor, labels: Tensor) -> Tensor:
    """L1 distance between predicted and true luminance and between their differences from cell to cell.

    Args:
        luminance: (B, 1, h, w), L / 100.
        labels: (B, 1, H, W); of a larger size they are averaged down first.

    Returns:
        Mean over all elements, a scalar.
    """
    if labels.shape[-2:] != luminance.shape[-2:]:
        labels = F.interpolate(labels, luminance.shape[-2:], mode="area")
    error = luminance - labels
    return error.abs().mean() + error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()


__all__ = [
    "CHROMA_SCALE",
    "AutomaticColorizer",
    "ColorizerConfig",
    "ColorizerModel",
    "ColorizerOutput",
    "HintlessColorizer",
    "chroma_huber_loss",
    "luminance_loss",
    "pad_to_multiple",
    "shift_luminance",
    "stretch",
]

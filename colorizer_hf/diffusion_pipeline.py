"""Several different colourings of one photograph: a diffusers pipeline around the flagship.

The flagship says what colours it expects; a small network draws, from noise and in few steps, how the colours of a
photo like this one differ from that. What it draws is coarse, edges and luminance come from the photo.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from diffusers.utils.outputs import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from .amounts import check_amount
from .errors import CheckpointError
from .hints import Hints
from .image_processing import ColorizerImageProcessor
from .models.auto import resolve_checkpoint
from .models.base import ColorizerOutput
from .models.chroma_flow import CHROMA_UNIT, FlowConditions, condition_channels, describe, hold_together, sample_flow
from .models.chromaformer import ChromaFormerModel
from .models.fetching import SAMPLER_FILES, HubOptions
from .options import refuse_unknown, take
from .pipeline import ColorizationPipeline
from .result import ColorizationResult
from .sampling import choose, log_likelihood

_COMPONENTS = ("unet", "scheduler", "encoder", "processor")
Callback = Callable[[DiffusionPipeline, int, Tensor, dict[str, Tensor]], dict[str, Tensor]]


@dataclass
class ColorizationDiffusionOutput(BaseOutput):
    """Colourings of one photograph.

    Attributes:
        results: The most plausible one first where some were chosen out of more candidates, otherwise as drawn.
        drawn: For each of them its number among the candidates: with a list of generators, which one gave it.
    """

    results: list[ColorizationResult]
    drawn: list[int]


class ColorizationDiffusionPipeline(DiffusionPipeline):
    """Draws colourings of a photograph.

        pipe = ColorizationDiffusionPipeline.from_pretrained("runs/sample/model")
        for number, result in enumerate(pipe("portrait.jpg", generator=torch.manual_seed(7)).results):
            result.save(f"portrait-{number}.jpg")

    Args:
        unet: Draws; takes the channels that `condition_channels` counts beside the noisy colours.
        scheduler: Of flow matching, without a shift.
        encoder: The flagship, frozen.
        processor: Shrinks photographs; None makes one for the sizes that the encoder states.
        size: Shorter side in pixels at which photographs are seen.
    """

    model_cpu_offload_seq = "encoder->unet"
    _optional_components = ("processor",)
    _callback_tensor_inputs = ("latents",)

    def __init__(
        self,
        unet: UNet2DModel,
        scheduler: FlowMatchEulerDiscreteScheduler,
        encoder: ChromaFormerModel,
        processor: ColorizerImageProcessor | None = None,
        size: int = 192,
    ) -> None:
        super().__init__()
        told = condition_channels(encoder)
        if unet.config["in_channels"] != 2 + told:
            raise ValueError(
                f"unet must take 2 channels of colours and {told} of conditions, got {unet.config['in_channels']}"
            )
        self.register_modules(unet=unet, scheduler=scheduler, encoder=encoder, processor=processor)
        self.register_to_config(size=size)

    @classmethod
    def from_pretrained(  # ty: ignore[incompatible-method-override]
        cls, name_or_path: str | PathLike[str], **options: Any
    ) -> "ColorizationDiffusionPipeline":
        """Load a pipeline.

        Stricter than the method of diffusers, which does not know our networks: weights must fit exactly, and code that
        a repository brings along is not run. `DiffusionPipeline.from_pretrained(..., trust_remote_code=True)` runs it.

        Args:
            name_or_path: A folder that `save_pretrained` wrote, or a Hub id.
            **options: `dtype`, `HubOptions`, and components, or a `size`, instead of those that are saved.

        Raises:
            CheckpointError: the checkpoint is missing, damaged or of another kind.
            TypeError: there is no such option.
        """
        refuse_unknown(cls.__name__, options, ("dtype", *_COMPONENTS, "size", *HubOptions.__annotations__))
        hub: Any = take(HubOptions.__annotations__, options)
        name, dtype = str(name_or_path), options.pop("dtype", torch.float32)
        folder = resolve_checkpoint(name, SAMPLER_FILES, **hub)
        parts: dict[str, Any] = {"size": _read_json(folder / "model_index.json", name).get("size", 192)}
        if "encoder" not in options:
            parts["encoder"] = ChromaFormerModel.from_pretrained(folder / "encoder", dtype=dtype)
        if "processor" not in options and (folder / "processor").is_dir():
            parts["processor"] = ColorizerImageProcessor.from_pretrained(folder / "processor")
        if "unet" not in options:
            parts["unet"] = _load_unet(folder, name, dtype)
        if "scheduler" not in options:
            config = _read_json(folder / "scheduler" / "scheduler_config.json", name)
            parts["scheduler"] = FlowMatchEulerDiscreteScheduler.from_config(config)
        return cls(**(parts | options))

    def push_to_hub(self, repo_id: str, **options: Any) -> str:  # ty: ignore[incompatible-method-override]
        """Publish the pipeline on the Hugging Face Hub, with a model card and its code, in one commit.

        Args:
            repo_id: `owner/name`; the repository is made if need be.
            **options: `private`, `branch`, `token`; see `colorizer_hf.hub.publishing.push_sampler`.

        Returns:
            The commit's address.

        Raises:
            HubError: the Hub cannot be reached or refuses.
        """
        from .hub.publishing import push_sampler

        return push_sampler(self, repo_id, **options)

    @torch.no_grad()
    def __call__(
        self,
        photo: Any,
        *,
        num_images_per_photo: int = 4,
        num_inference_steps: int = 4,
        generator: torch.Generator | list[torch.Generator] | None = None,
        hints: Hints = None,
        guidance_scale: float = 1.0,
        coherence: float = 1.0,
        num_candidates: int | None = None,
        size: int | None = None,
        callback_on_step_end: Callback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Give a photograph several different colours.

        Args:
            photo: In any form that `ColorizationPipeline` takes one in.
            num_images_per_photo: How many colourings.
            num_inference_steps: From noise to colours; one gives dull means, four to eight are good.
            generator: Decides what is drawn; a list has one for each candidate.
            hints: Colours that are known, see `ColorizationPipeline`: they hold in every colouring.
            guidance_scale: More than 1 draws more typical and livelier colours, in twice the time; 1 draws as many
                different ones as it learned.
            coherence: How far what looks alike is drawn towards one colour, in [0, 1]; 0 leaves samples as they come,
                which are more colourful and blotchy.
            num_candidates: Draw so many, drop what is far off, and give those that differ most, the most plausible
                first; None gives all that are drawn.
            size: Shorter side in pixels at which the photograph is seen, instead of the pipeline's own.
            callback_on_step_end: Called after each step with the pipeline, the step's number, its time and
                `{"latents": ...}`, (candidates, 2, h, w), in which what it returns may have others to go on from.
            return_dict: False gives a tuple of what the output has.

        Returns:
            A `ColorizationDiffusionOutput`: colourings at the photo's size, each with its luminance and metadata.

        Raises:
            ImageError: the photograph cannot be read.
            HintError: a hint makes no sense or lies outside the photo.
            ValueError: a number is outside its range, or a list of generators has another length than candidates.
        """
        candidates = num_images_per_photo if num_candidates is None else num_candidates
        check_amount("coherence", coherence)
        _check(num_images_per_photo, num_inference_steps, candidates, guidance_scale)
        if isinstance(generator, list) and len(generator) != candidates:
            raise ValueError(f"there must be as many generators as candidates, {candidates}, got {len(generator)}")
        device = self._execution_device
        colorizer = ColorizationPipeline(self.encoder, self.processor, device=device)
        inputs = colorizer.prepare(photo, size=size or self.config["size"], hints=hints)
        luminance, batch = inputs["luminance"].to(device), inputs["hints"]
        features = self.encoder.encode(luminance)
        told = describe(self.encoder, features, luminance, batch)
        drawn = self._draw(
            told,
            noise=randn_tensor((candidates, *told.base.shape[1:]), generator, device, self.unet.dtype),
            steps=num_inference_steps,
            guidance_scale=guidance_scale,
            pool=partial(hold_together, alike=self.encoder.alike_cells(features), share=coherence),
            callback=callback_on_step_end,
        )
        colors, places = told.base + CHROMA_UNIT * drawn.float(), list(range(candidates))
        if num_candidates is not None:
            plausibility = log_likelihood(colors, features.logits, self.encoder.bin_centers.float())
            places = choose(colors, plausibility, num_images_per_photo)
        results = [
            colorizer.postprocess((inputs["photo"], ColorizerOutput(one[None], features.logits), inputs["notes"]))
            for one in colors[places]
        ]
        self.maybe_free_model_hooks()
        return ColorizationDiffusionOutput(results, places) if return_dict else (results, places)

    def _draw(
        self, told: FlowConditions, *, noise: Tensor, steps: int, callback: Callback | None, **options: Any
    ) -> Tensor:
        """Samples in units of the noise, with a progress bar; `options` are those of `sample_flow`."""
        with self.progress_bar(total=steps) as bar:

            def on_step(step: int, t: Tensor, x: Tensor) -> Tensor:
                bar.update()
                kept = callback(self, step, t, {"latents": x}) if callback else {}
                return kept.get("latents", x)

            channels = told.channels.to(noise.dtype).expand(len(noise), -1, -1, -1)
            return sample_flow(
                self.unet,
                self.scheduler,
                noise,
                channels,
                steps=steps,
                known=told.known,
                on_step=on_step,
                **options,
            )


def _read_json(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
        raise ValueError("it is no object")
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{name} has no {path.name} that can be read ({error}); save it again") from error


def _load_unet(folder: Path, name: str, dtype: torch.dtype) -> UNet2DModel:
    try:
        options: Any = {"torch_dtype": dtype, "use_safetensors": True, "output_loading_info": True}
        load: Any = UNet2DModel.from_pretrained
        unet, info = load(folder / "unet", **options)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f"the weights of {name} cannot be loaded: {str(error).splitlines()[0]}") from error
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[problem]:
            raise CheckpointError(f"the UNet of {name} has {problem.replace('_', ' ')}; it was not saved by diffusers")
    return unet.eval()


def _check(images: int, steps: int, candidates: int, guidance_scale: float) -> None:
    for name, number in (("num_images_per_photo", images), ("num_inference_steps", steps)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if candidates < images:
        raise ValueError(f"num_candidates must be at least num_images_per_photo, {images}, got {candidates}")
    if guidance_scale < 0:
        raise ValueError(f"guidance_scale must be at least 0, got {guidance_scale}")


__all__ = ["ColorizationDiffusionOutput", "ColorizationDiffusionPipeline"]

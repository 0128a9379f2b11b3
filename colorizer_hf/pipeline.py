"""Photo in, photo out: the one path that the command line, the web page and Python code all take."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import groupby, islice
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModel, Pipeline
from transformers.pipelines import PIPELINE_REGISTRY

from .amounts import DEFAULT_VIVIDNESS, check_amount
from .batches import boxes_to_batch, hints_to_batch, palette_to_tensor
from .boxes import NOTHING_BOXED, are_boxes_for_each, collect_boxes
from .detection import Detector
from .devices import check_device
from .errors import BoxError, HintError
from .hints import Hint, Hints
from .image_processing import ColorizerImageProcessor
from .imaging import Photo, eight_bit
from .imaging.levels import Levels, check_levels_and_band
from .models.auto import CHECKPOINTS, DEFAULT_CHECKPOINT, ModelOptions, load_folder, resolve_checkpoint
from .models.base import ColorizerModel, ColorizerOutput
from .models.box_batch import BoxBatch
from .models.contrast import common_contrast
from .models.fetching import HubOptions
from .models.hint_batch import HintBatch
from .options import refuse_unknown, take
from .palette import Palette
from .photo_inputs import (
    SeenPhoto,
    are_for_each,
    check_contrast,
    check_palette,
    each_with,
    hints_for,
    photos_of,
    read_ahead,
    read_photo,
    source_and_own,
)
from .result import ColorizationResult
from .traits import Traits

TASK = "image-colorization"
# Options of a call that a pipeline can be made with.
CALL_OPTIONS = (
    "hints",
    "boxes",
    "detector",
    "vividness",
    "palette",
    "contrast",
    "size",
    "levels",
    "band",
    "allow_urls",
    "batch_size",
    "num_workers",
)


class ColorizationPipeline(Pipeline):
    """A `transformers.Pipeline` for the task "image-colorization".

    pipe = ColorizationPipeline.from_pretrained()
    pipe("portrait.jpg").save("portrait-colour.jpg")
    """

    # The base class leaves the signatures of the steps open; ours are closed. Its `inputs` are called photos in a call.

    model: ColorizerModel
    image_processor: ColorizerImageProcessor

    _load_tokenizer = False
    _load_image_processor = None  # if it is there; networks state their sizes as well
    _load_feature_extractor = False
    _load_processor = False

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path | None = None,
        *,
        device: int | str | torch.device | None = None,
        **options: Any,
    ) -> "ColorizationPipeline":
        """Load a pipeline.

        Args:
            name_or_path: A bundled checkpoint, a folder or a Hub id; None loads the bundled default.
            device: Where to run; None takes an accelerator if there is one, unless a `device_map` says where.
            **options: `dtype` and `device_map`, and for a Hub id `revision`, `token`, `cache_dir`, `local_files_only`;
                see `ModelOptions`. Options of a call besides, which then hold unless the call says otherwise.

        Raises:
            CheckpointError: the checkpoint is missing, damaged or of another kind.
            TypeError: there is no such option.
            ValueError: an option is outside its range.
        """
        refuse_unknown(cls.__name__, options, ("device", *ModelOptions.__annotations__, *CALL_OPTIONS))
        held = take(CALL_OPTIONS, options)
        hub: Any = take(HubOptions.__annotations__, options)
        name = str(name_or_path or DEFAULT_CHECKPOINT)
        folder = resolve_checkpoint(name, **hub)
        model = load_folder(folder, name, **options)
        if device is None and options.get("device_map") is not None and not hasattr(model, "hf_device_map"):
            device = model.device
        processor = ColorizerImageProcessor.from_pretrained(folder)
        return cls(model=model, image_processor=processor, device=device, **held)

    def __init__(
        self,
        model: ColorizerModel,
        image_processor: ColorizerImageProcessor | None = None,
        *,
        task: str = TASK,
        device: int | str | torch.device | None = None,
        **options: Any,
    ) -> None:
        """Make a pipeline of its parts.

        Args:
            model: The network.
            image_processor: None makes one for the sizes that the network states.
            task: See transformers.
            device: Where to run; None takes an accelerator if there is one.
            **options: Options of a call, which hold unless the call says otherwise.

        Raises:
            TypeError: there is no such option, or `model` is no colorizer.
            ValueError: an option is outside its range, or there is no such device here.
        """
        if not (hasattr(model, "encode") and hasattr(model, "decode")):
            raise TypeError(f"a colorization pipeline needs a network that colorizes, got {type(model).__name__}")
        if image_processor is None:
            sizes = {"working_size": model.config.working_size, "size_multiple": model.config.size_multiple}
            image_processor = ColorizerImageProcessor(**sizes)
        if device is not None:
            check_device(device)
        _check_counts(options.get("batch_size"), options.get("num_workers"))
        options.pop("local_files_only", None)  # transformers' `pipeline` has used it and passes it on nevertheless
        parts: Any = {"model": model, "image_processor": image_processor, "task": task, "device": device}
        super().__init__(**parts, **options)
        self.model.to(memory_format=torch.channels_last)  # convolutions run faster so on CPUs

    @cached_property
    def traits(self) -> Traits:
        """What the path of a photograph must know about the network."""
        return Traits.of_model(self.model)

    def save_pretrained(self, save_directory: str | PathLike[str], **kwargs: Any) -> None:
        """Save the network and its image processor, for `from_pretrained`.

        The base class would add this module to them, which is of no use without the package around it.

        Args:
            save_directory: A folder; it is made if need be.
            **kwargs: For `save_pretrained` of both.
        """
        self.model.save_pretrained(save_directory, **kwargs)
        self.image_processor.save_pretrained(save_directory, **kwargs)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Publish the pipeline on the Hugging Face Hub, with a model card and its code, in one commit.

        Args:
            repo_id: `owner/name`; the repository is made if need be.
            **options: `results`, `private`, `branch`, `token`; see `colorizer_hf.hub.publishing.push_checkpoint`.

        Returns:
            The commit's address.

        Raises:
            HubError: the Hub cannot be reached or refuses.
        """
        from .hub.publishing import push_pipeline

        return push_pipeline(self, repo_id, **options)

    def __call__(  # ty: ignore[incompatible-method-override]
        self,
        photos: Any,
        *,
        hints: Hints | Sequence[Hints] = None,
        boxes: Any = None,
        detector: Detector | str | PathLike[str] | None = None,
        vividness: float | None = None,
        palette: Palette | None = None,
        contrast: tuple[float, float] | None = None,
        size: int | None = None,
        levels: Levels | None = None,
        band: int | None = None,
        allow_urls: bool | None = None,
        batch_size: int | None = None,
        num_workers: int | None = None,
    ) -> Any:
        """Give colour to a photograph, or to many.

        Args:
            photos: A photograph in any form that `colorizer_hf.imaging.read` takes, or a dictionary of such an `image`
                and, if it has some of its own, `hints` and `boxes`; or a list, tuple, dataset, column, generator or
                other iterable of them.
            hints: Colours that are known: `Hint` objects, an RGBA layer painted over the photo, or a list of both,
                which apply to every photo of the call; or one such list, or None, for each photo.
            boxes: Around things, for networks that look at them one by one: see `colorizer_hf.boxes.collect_boxes`; or
                a list of such lists, or None, for each photo. Where there are too many the highest scores count.
            detector: What finds the things where no boxes are given: a `colorizer_hf.detection.Detector`, or the folder
                or Hub id of one, which is loaded for this call. None takes what the pipeline was made with, as a rule
                none.
            vividness: 0 gives the expected colour, which has the least error and looks muted; 1 pictures as colourful
                as photographs are, mistakes included; None takes what the pipeline was made with, as a rule
                `DEFAULT_VIVIDNESS`.
            palette: Colours that the pictures should be made of; None leaves them to the network.
            contrast: Of near-infrared frames that were exposed alike, from `common_contrast`; None takes what the
                pipeline was made with, as a rule what each frame has by itself.
            size: Working resolution, shorter side in pixels; None takes the network's own.
            levels: Which numbers of a photograph are black and white, see `colorizer_hf.imaging.read`; None takes what
                the pipeline was made with, as a rule "auto".
            band: Which band of several is the picture, from 1; None takes the colours, or the first band.
            allow_urls: Fetch photographs from addresses of the web, and take data addresses; see
                `colorizer_hf.imaging.addresses`. None takes what the pipeline was made with, as a rule False.
            batch_size: Photos that go through the network together; sizes may be mixed. None takes what the pipeline
                was made with, as a rule 1.
            num_workers: Threads that read photos ahead; None takes what the pipeline was made with, as a rule 0.

        Returns:
            A `ColorizationResult`; a list of them for a list or tuple; an iterator over them for everything else that
            holds many.

        Raises:
            ImageError: a photograph cannot be read.
            HintError: a hint makes no sense or lies outside the photo.
            BoxError: a box makes no sense or lies outside the photo, or the network takes none.
            CheckpointError: the detector cannot be loaded.
            TypeError: what is given is no photograph.
            ValueError: an option is outside its range.
        """
        _check_counts(batch_size, num_workers)
        options: dict[str, Any] = {"vividness": vividness, "palette": palette, "contrast": contrast}
        options |= {"size": size, "detector": detector, "levels": levels, "band": band, "allow_urls": allow_urls}
        workload = {"batch_size": batch_size, "num_workers": num_workers}
        many = photos_of(photos)
        given: dict[str, Any] = {"hints": hints, "boxes": boxes}
        for name, are_for_several, error in (
            ("hints", are_for_each, HintError),
            ("boxes", are_boxes_for_each, BoxError),
        ):
            if are_for_several(own := given[name]):
                if many is None:
                    raise error(f"one photograph takes one list of {name}, not a list of lists")
                pairs = each_with(many, name, own, error)
                many, given[name] = list(pairs) if isinstance(many, list) else pairs, None
        if many is None:
            return super().__call__(photos, **given, **options, **workload)
        if isinstance(many, list) and not many:
            return []
        # Of what can be iterated the base class knows lists and generators only.
        inputs = many if isinstance(many, list) else (photo for photo in many)
        return super().__call__(inputs, **given, **options, **workload)

    def _sanitize_parameters(
        self,
        hints: Hints = None,
        boxes: Any = None,
        detector: Detector | str | PathLike[str] | None = None,
        vividness: float | None = None,
        palette: Palette | None = None,
        contrast: tuple[float, float] | None = None,
        size: int | None = None,
        levels: Levels | None = None,
        band: int | None = None,
        allow_urls: bool | None = None,
        **unknown: Any,
    ) -> tuple[dict, dict, dict]:
        """The options of each step that were given; they go over those that the pipeline was made with."""
        refuse_unknown(type(self).__name__, unknown, ("device", *CALL_OPTIONS))
        if vividness is not None:
            check_amount("vividness", vividness)
        check_palette(self.traits, palette)
        if contrast is not None:
            check_contrast(self.traits, contrast)
        # An iterator's are for every photo, not for the first alone.
        hints, boxes = (list(given) if isinstance(given, Iterator) else given for given in (hints, boxes))
        check_levels_and_band("auto" if levels is None else levels, band)
        preprocess = {"size": size, "hints": hints, "levels": levels, "band": band, "allow_urls": allow_urls}
        preprocess |= {"boxes": boxes, "detector": self._check_detector(detector)}
        return _given(preprocess), _given({"vividness": vividness, "palette": palette, "contrast": contrast}), {}

    def _check_detector(self, detector: Any) -> Detector | None:
        """A caller's detector, loaded if it is the name of one."""
        if detector is None or isinstance(detector, Detector):
            found = detector
        elif isinstance(detector, str | PathLike):
            found = Detector.from_pretrained(str(detector), device=self.device)
        else:
            raise TypeError(f"detector must be a Detector, a folder or a Hub id, got {type(detector).__name__}")
        if found is not None:
            self._refuse_boxes()
        return found

    def _refuse_boxes(self) -> None:
        """Raises BoxError if the network takes none."""
        if not self.model.supports_boxes:
            raise BoxError(f"a {self.model.config.model_type} takes no boxes; leave them out or take another model")

    def preprocess(  # ty: ignore[incompatible-method-override]
        self,
        input_: Any,
        size: int | None = None,
        hints: Hints = None,
        boxes: Any = None,
        detector: Detector | None = None,
        levels: Levels = "auto",
        band: int | None = None,
        allow_urls: bool = False,
    ) -> dict[str, Any]:
        """Read one photo, shrink its luminance to the network's size, collect its hints and boxes."""
        source, own_hints, own_boxes = source_and_own(input_)
        photo = read_photo(source, levels=levels, band=band, allow_urls=allow_urls)
        luminance = self.image_processor.shrink(photo, size=size)
        batch, hint_notes = self.prepare_hints(hints if own_hints is None else own_hints, photo)
        things, box_notes = self.prepare_boxes(boxes if own_boxes is None else own_boxes, photo, detector)
        return {
            "photo": photo,
            "luminance": luminance,
            "hints": batch,
            "boxes": things,
            "notes": box_notes + hint_notes,
        }

    def prepare(self, photo: Any, **options: Any) -> dict[str, Any]:
        """What `preprocess` makes of a photo, with the options that the pipeline was made with unless others are given.

        Args:
            photo: In any form that a call takes.
            **options: Of a call; None means that it is not given.
        """
        given, _, _ = self._sanitize_parameters(**options)
        return self.preprocess(photo, **self._preprocess_params | given)

    def prepare_hints(self, hints: Hints, photo: Photo) -> tuple[HintBatch, tuple[str, ...]]:
        """A caller's hints for a photo as a batch of one, on the network's device; and notes.

        Raises:
            HintError: one makes no sense or lies outside the photo, or the network takes none.
        """
        known, notes = hints_for(self.traits, hints, photo)
        return hints_to_batch(known, photo.size).to(self.device), notes

    def prepare_boxes(
        self, boxes: Any, photo: Photo, detector: Detector | None = None
    ) -> tuple[BoxBatch | None, tuple[str, ...]]:
        """A caller's boxes for a photo, or those that a detector finds where none are given, on the network's device.

        Returns:
            A batch of one with crops, None for networks that take no boxes; and notes.

        Raises:
            BoxError: a box makes no sense, or the network takes none.
        """
        things = collect_boxes(boxes, photo.size)
        if not self.model.supports_boxes:
            if things:
                self._refuse_boxes()
            return None, ()
        if boxes is None and detector is not None:
            things = detector.detect(photo)
        most, side = self.model.config.max_boxes, self.model.config.instance_size
        chosen = sorted(things, key=lambda box: -box.score)[:most]
        crops = [self.image_processor.crop(photo, box.edges, side) for box in chosen]
        batch = replace(
            boxes_to_batch(chosen, photo.size), crops=torch.cat([torch.empty(0, 1, side, side), *crops])[None]
        )
        notes = () if things else (NOTHING_BOXED,)
        if len(things) > most:
            notes = (f"{most} of {len(things)} boxes were used, those with the highest scores",)
        return batch.to(self.device), notes

    def common_contrast(self, frames: Iterable[Any], **options: Any) -> tuple[float, float]:
        """The `contrast` of near-infrared frames that one camera took at one exposure, as of a film or a series.

        Each frame at its own contrast would change its brightness with what comes into view.

        Args:
            frames: In any form that a call takes one in; at least one. Each counts as much as the others.
            **options: `size`, `levels`, `band`, `allow_urls` of a call.

        Returns:
            The luminances, L / 100, that count as black and as white.

        Raises:
            ImageError: a frame cannot be read.
            ValueError: there is no frame.
        """
        return common_contrast(self.prepare(frame, **options)["luminance"].numpy() for frame in frames)

    def encode(self, luminance: Tensor, boxes: BoxBatch | None, contrast: tuple[float, float] | None = None) -> Any:
        """What the network knows of photos (B, 1, h, w) before any edit; see the contract."""
        where: dict[str, Any] = {} if boxes is None else {"boxes": boxes}
        if contrast is not None:
            where["contrast"] = torch.tensor(contrast)
        return self.model.encode(luminance, **where)

    def see(self, photo: Any, *, size: int | None = None, boxes: Any = None) -> SeenPhoto:
        """Read a photograph and let the network see it, for any number of calls of `edit`."""
        inputs = self.prepare(photo, size=size, boxes=boxes)
        with torch.inference_mode():
            features = self.encode(inputs["luminance"].to(self.device), inputs["boxes"])
        return SeenPhoto(inputs["photo"], features, inputs["notes"])

    def edit(
        self, seen: SeenPhoto, hints: Hints = None, *, vividness: float, palette: Palette | None = None
    ) -> ColorizationResult:
        """The photograph in colour with exactly these hints."""
        check_amount("vividness", vividness)
        batch, notes = self.prepare_hints(hints, seen.photo)
        colors = self.prepare_palette(palette)
        with torch.inference_mode():
            output = self.model.decode(seen.features, batch, colors, vividness=vividness)
        return self.postprocess((seen.photo, output, seen.notes + notes))

    def prepare_palette(self, palette: Palette | None, batch_size: int = 1) -> Tensor | None:
        """A caller's palette for each of some photos, on the network's device.

        Raises:
            ColorizerError: the network takes none.
        """
        check_palette(self.traits, palette)
        return None if palette is None else palette_to_tensor(palette).to(self.device).expand(batch_size, -1, -1)

    def _forward(  # ty: ignore[incompatible-method-override]
        self,
        input_tensors: dict[str, Any],
        vividness: float = DEFAULT_VIVIDNESS,
        palette: Palette | None = None,
        contrast: tuple[float, float] | None = None,
    ) -> ColorizerOutput:
        luminance = input_tensors["luminance"]
        colors = self.prepare_palette(palette, len(luminance))
        features = self.encode(luminance, input_tensors["boxes"], contrast)
        return self.model.decode(features, input_tensors["hints"], colors, vividness=vividness)

    def postprocess(  # ty: ignore[incompatible-method-override]
        self, model_outputs: tuple[Photo, ColorizerOutput, tuple[str, ...]]
    ) -> ColorizationResult:
        """Wrap the network's output (a batch of one) for a photo, with notes on how it was coloured."""
        photo, output, notes = model_outputs
        return ColorizationResult(
            photo,
            chroma=output.chroma[0],
            logits=None if output.logits is None else output.logits[0],
            bin_centers=None if output.logits is None else self.model.bin_centers.float().cpu(),
            predicted_luminance=None if output.luminance is None else output.luminance[0],
            notes=notes,
            suggestion_sharpness=self.model.suggestion_sharpness,
        )

    def run_single(self, inputs: Any, *parameters: dict) -> ColorizationResult:  # ty: ignore[incompatible-method-override]
        """One photo is a list of one."""
        return next(self.get_iterator([inputs], 0, 1, *parameters))

    def get_iterator(
        self,
        inputs: Iterable[Any],
        num_workers: int,
        batch_size: int,
        preprocess_params: dict,
        forward_params: dict,
        postprocess_params: dict,
    ) -> Iterator[ColorizationResult]:
        """Photos in batches; the base class could only batch photos of one size."""
        prepared = read_ahead(partial(self.preprocess, **preprocess_params), inputs, num_workers)
        while chunk := list(islice(prepared, batch_size)):
            for _, group in groupby(chunk, key=lambda inputs: inputs["luminance"].shape):
                yield from self._run_group(list(group), forward_params)

    def _run_group(self, group: list[dict[str, Any]], forward_params: dict) -> Iterator[ColorizationResult]:
        """Consecutive photos of one input size go through the network together."""
        luminance = torch.cat([inputs["luminance"] for inputs in group])
        hints = HintBatch.cat([inputs["hints"] for inputs in group])
        boxes = BoxBatch.cat([inputs["boxes"] for inputs in group]) if self.model.supports_boxes else None
        output = self.forward({"luminance": luminance, "hints": hints, "boxes": boxes}, **forward_params)
        for i, inputs in enumerate(group):
            # Copies, so that who keeps or pickles one result does not keep the whole batch.
            one = ColorizerOutput(**{name: value[i : i + 1].clone() for name, value in output.items()})
            yield self.postprocess((inputs["photo"], one, inputs["notes"]))


def nir_colorizer(pipeline: ColorizationPipeline, *, size: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """A function from a near-infrared frame (H, W), uint8 or uint16, to a picture (H, W, 3) uint8.

    A network for gray photographs takes the frame for one, and so for the luminance of the picture.

    Args:
        pipeline: The network, decoded with vividness 0: the colours of least error.
        size: Working resolution; the network's own if None.
    """
    return lambda frame: eight_bit(pipeline(frame, vividness=0.0, size=size).pixels)


def _check_counts(batch_size: Any, num_workers: Any) -> None:
    for name, least, count in (("batch_size", 1, batch_size), ("num_workers", 0, num_workers)):
        if count is not None and not (isinstance(count, int) and count >= least):
            raise ValueError(f"{name} must be at least {least}, got {count!r:.40}")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


PIPELINE_REGISTRY.register_pipeline(
    TASK,
    pipeline_class=ColorizationPipeline,
    pt_model=AutoModel,
    default={"model": (str(CHECKPOINTS / DEFAULT_CHECKPOINT), "main")},
    type="image",
)

__all__ = ["ColorizationPipeline", "Hint"]  # code in a published repository is asked for `pipeline.Hint`

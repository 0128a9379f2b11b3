"""`--samples` of `colorizer colorize`: several different colourings of each photograph."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import typer

from ..errors import ColorizerError

if TYPE_CHECKING:
    from ..diffusion_pipeline import ColorizationDiffusionPipeline
    from ..hints import Hint
    from ..imaging import Photo
    from ..result import ColorizationResult

    Draw = Callable[[Photo, Sequence[Hint]], list[ColorizationResult]]

CANDIDATES, MOST_CANDIDATES = 3, 16  # are drawn for each that is shown, and at most
# What chooses colours in other ways, or belongs to other networks.
USELESS = ("boxes", "detector", "like", "palette", "vividness", "nir", "same_camera")


def refuse_with_samples(context: typer.Context) -> None:
    """Raises typer.BadParameter if an option was given that --samples has no use for."""
    for name in USELESS:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = f"--{name.replace('_', '-')}"
            raise typer.BadParameter("--samples draws the colours by itself; leave this out", param_hint=option)


def load_sampler(name: str | None, device: str | None) -> "ColorizationDiffusionPipeline":
    """The sampler of a folder or Hub id.

    Raises:
        CheckpointError: it cannot be loaded.
        ColorizerError: diffusers is not installed.
        typer.BadParameter: none is named.
    """
    if name is None:
        problem = "--samples needs a sampler; name its folder or Hub id (recipe `sample` trains one)"
        raise typer.BadParameter(problem, param_hint="--model")
    if not find_spec("diffusers"):
        raise ColorizerError("--samples needs diffusers; install it with: pip install 'colorizer_hf[samples]'")
    import torch

    from ..diffusion_pipeline import ColorizationDiffusionPipeline

    best = torch.accelerator.current_accelerator(check_available=True) or "cpu"
    sampler = ColorizationDiffusionPipeline.from_pretrained(name).to(device or best)
    sampler.set_progress_bar_config(disable=True)
    return sampler


def draw_from(sampler: "ColorizationDiffusionPipeline", count: int, seed: int, *, size: int | None) -> "Draw":
    """A function from a photo and its hints to so many colourings; the same seed gives the same ones."""
    import torch

    def draw(photo: "Photo", hints: "Sequence[Hint]") -> "list[ColorizationResult]":
        generator = torch.Generator().manual_seed(seed)
        candidates = max(count, min(CANDIDATES * count, MOST_CANDIDATES))
        options: dict[str, Any] = {"num_images_per_photo": count, "num_candidates": candidates, "size": size}
        return sampler(photo, hints=hints, generator=generator, **options).results

    return draw


__all__ = ["draw_from", "load_sampler", "refuse_with_samples"]

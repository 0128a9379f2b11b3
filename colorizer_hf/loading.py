"""What colours photographs, by the engine that is asked for: the command line and the web page load it here."""

from typing import TYPE_CHECKING, TypeAlias

from .engines.choice import beside, graphs_for

if TYPE_CHECKING:
    from .colorizer import Colorizer
    from .pipeline import ColorizationPipeline

AnyColorizer: TypeAlias = "ColorizationPipeline | Colorizer"


def load_colorizer(
    name_or_path: str | None = None, *, engine: str = "auto", device: str | None = None, detector: str | None = None
) -> AnyColorizer:
    """A `Colorizer` on exported graphs, or a `ColorizationPipeline` on torch.

    Args:
        name_or_path: A bundled checkpoint, a folder or a Hub id; None loads the bundled default.
        engine: See `colorizer_hf.engines.choice.ENGINES`; with a device or a detector "auto" is torch.
        device: Of torch; None takes an accelerator if there is one.
        detector: Folder or Hub id of what finds things, for networks that take boxes.

    Raises:
        CheckpointError: there is no such network, or it has no graphs for the engine.
        ColorizerError: the engine is not installed.
    """
    if graphs := graphs_for(name_or_path, beside(engine, device=device, detector=detector)):
        from .colorizer import Colorizer
        from .engines.graphs import GraphEngine

        return Colorizer(GraphEngine(*graphs))
    from .pipeline import ColorizationPipeline

    return ColorizationPipeline.from_pretrained(name_or_path, device=device, detector=detector)


__all__ = ["AnyColorizer", "load_colorizer"]

"""One run of a recipe that learns from registered pairs: their split, their loader, and the run itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from colorizer_hf.metrics.pairs import NirPair

from .config import RunConfig
from .loop import Evaluator, Objective, Trainer
from .nir_data import PairConfig, build_pair_loader, read_split
from .run import mean_chroma_of, run


@dataclass(frozen=True)
class PairRunConfig(RunConfig):
    """A run that learns from pairs.

    Attributes:
        pairs: Registered pairs, and the share of ordinary photographs among them.
        test_pairs: Folder or tar of pairs to measure on, never trained on; None measures nothing.
    """

    pairs: PairConfig = field(default_factory=PairConfig)
    test_pairs: str | None = None


P = TypeVar("P", bound=PairRunConfig)


def run_on_pairs(
    config: P,
    build_objective: Callable[[P], Objective],
    *,
    recipe: str,
    name: str,
    build_evaluator: Callable[[list[NirPair]], Evaluator],
    trainer_class: type[Trainer] = Trainer,
) -> dict[str, Any]:
    """Train on pairs, and photographs if the run wants some; `run` says the rest.

    Args:
        config: The run.
        build_objective: See `run`, as the next two.
        recipe: See `run`.
        name: See `run`.
        build_evaluator: Of the pairs to measure on, if there are any.
        trainer_class: See `run`.

    Raises:
        ColorizerError: what `read_split` and `run` raise.
    """
    pairs, test = read_split(config.pairs, config.test_pairs)
    return run(
        config,
        build_objective,
        recipe=recipe,
        name=name,
        trainer_class=trainer_class,
        mean_chroma=mean_chroma_of(pair.rgb for pair in pairs) if pairs else None,
        build_loader=partial(
            build_pair_loader, pairs, config.data, config.pairs, batch_size=config.batch_size, seed=config.seed
        ),
        evaluate=build_evaluator(test) if test else None,
    )

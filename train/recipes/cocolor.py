"""Train CoColor (Yang, Chen, Yang 2023) in stages: two routes from a near-infrared frame to colour, and their fusion.

    python -m train.recipes.cocolor --config train/configs/cocolor/cpu_translation.yaml --data photos/ \
        --output runs/translation --set pairs.sources=[train.tar] --set test_pairs=val.tar
    python -m train.recipes.cocolor --config train/configs/cocolor/cpu_nir.yaml --data photos/ \
        --init runs/translation/model --output runs/nir --set pairs.sources=[train.tar] --set test_pairs=val.tar

and so on with `cpu_consistency.yaml`, `cpu_fusion.yaml` and `cpu_all.yaml`. The paper gives no recipe; this one is ours
(`colorizer_hf/models/cocolor.py` says what is the paper's):

* `gray`: F_G learns from colour photographs. A checkpoint that has already learnt it (`gray`) makes this superfluous;
* `translation`: T_NG and T_GN learn from pairs, and there and back;
* `nir`: F_N, which begins as F_G, learns from pairs and from photographs in infrared made by T_GN;
* `consistency`: both translations, F_N and F_G go on together, and the two routes have to agree;
* `fusion`: what joins them learns, everything else stays;
* `all`: everything goes on together.

Each stage starts from the checkpoint of any other, so each can be left out. `pairs.photo_share: 0` leaves the
photographs out, a weight of 0 one term, and F_N alone is what stage `nir` gives on route "nir".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, cast

import torch
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.metrics.pairs import NirPair
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.cocolor import CoColorModel
from train.parts.config import ConfigError
from train.parts.loop import Evaluator, Objective, ObjectiveOutput
from train.parts.networks import build_network, widen_for_nir
from train.parts.nir_data import split_batch
from train.parts.pair_run import PairRunConfig, run_on_pairs
from train.parts.pseudo_nir import expose_anew
from train.parts.run import command_line
from train.parts.two_routes import OF_PAIRS_ALONE, TERMS, Scenes, TwoRouteWeights, Watch
from train.recipes.nir import build_nir_evaluator

Route = Literal["fused", "nir", "gray"]
ALL_PARTS = ("to_gray", "to_nir", "gray", "nir", "fusion")


@dataclass(frozen=True)
class Stage:
    """What a stage does.

    Attributes:
        learning: Parts of the network that it trains.
        terms: Of the loss, keys of `TERMS`.
        route: What the network gives at its end.
    """

    learning: tuple[str, ...]
    terms: tuple[str, ...]
    route: Route


STAGES = {
    "gray": Stage(("gray",), ("gray",), "gray"),
    "translation": Stage(("to_gray", "to_nir"), ("translation", "cycle"), "gray"),
    "nir": Stage(("nir",), ("nir",), "nir"),
    "consistency": Stage(
        ("to_gray", "to_nir", "gray", "nir"), ("translation", "cycle", "nir", "gray", "pixel", "features"), "fused"
    ),
    "fusion": Stage(("fusion",), ("fused",), "fused"),
    "all": Stage(ALL_PARTS, tuple(TERMS), "fused"),
}


@dataclass(frozen=True)
class CoColorRunConfig(PairRunConfig):
    """A run of this recipe.

    Attributes:
        stage: What learns.
        gray: Checkpoint of F_G, where there is no CoColor to start from (`init`).
        nir: Likewise of F_N; None begins as F_G.
        weights: Of the terms of the loss.
    """

    stage: Literal["gray", "translation", "nir", "consistency", "fusion", "all"] = "translation"
    gray: str = "chromaformer"
    nir: str | None = None
    weights: TwoRouteWeights = field(default_factory=TwoRouteWeights)


class CoColorObjective(Objective):
    """The terms of a stage, of pairs and of photographs."""

    def __init__(self, config: CoColorRunConfig) -> None:
        super().__init__()
        self.network = start_network(config)
        self.watches = Watch(self.network.nir), Watch(self.network.gray)
        self.stage = STAGES[config.stage]
        self.jitter = config.pairs.camera_jitter
        weights = {term: getattr(config.weights, term) for term in self.stage.terms}
        self.weights = {term: weight for term, weight in weights.items() if weight}

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of samples (B, 4, H, W) uint8 as `train.parts.nir_data` makes them, and its terms."""
        rgb, nir, is_pair = split_batch(photos)
        frames = expose_anew(nir[is_pair], self.jitter, generator) if is_pair.any() else nir[is_pair]
        seen, _ = rgb_to_lab(frames.expand(-1, 3, -1, -1))  # a frame is read as a gray photograph is
        network = cast(CoColorModel, self.network)
        with torch.autocast(photos.device.type, enabled=False):
            batches = []
            if len(frames):
                batches.append(Scenes(network, self.watches, rgb[is_pair], seen))
            if not is_pair.all():
                batches.append(Scenes(network, self.watches, rgb[~is_pair]))
            losses = {term: self._sum(term, batches) for term in self.weights}
            total = torch.stack([weight * losses[term] for term, weight in self.weights.items()]).sum()
            return ObjectiveOutput(total, {name: loss.item() for name, loss in (losses | {"loss": total}).items()})

    @staticmethod
    def _sum(term: str, batches: Sequence[Scenes]) -> Tensor:
        """A term of all scenes that have it."""
        chosen = [TERMS[term](scenes) for scenes in batches if scenes.is_pair or term not in OF_PAIRS_ALONE]
        return torch.stack(chosen).sum()


def start_network(config: CoColorRunConfig) -> CoColorModel:
    """The network at the beginning of a stage, with what learns there marked.

    Raises:
        CheckpointError: a checkpoint cannot be loaded.
        ConfigError: `model` does not describe a CoColor.
    """
    network = cast(CoColorModel, build_network(config, "cocolor")) if config.init else join_networks(config)
    stage = STAGES[config.stage]
    network.config.route = stage.route
    for name, part in network.named_children():
        part.requires_grad_(name in stage.learning)
    return network


def join_networks(config: CoColorRunConfig) -> CoColorModel:
    """A new CoColor of two colorizers."""
    gray = load_model(config.gray)
    nir = load_model(config.nir) if config.nir else widen_for_nir(gray)
    model = {"working_size": gray.config.working_size} | config.model
    parts = {"gray": describe(gray), "nir": describe(nir)}
    network = cast(CoColorModel, build_network(replace(config, model=model), "cocolor", **parts))
    network.gray.load_state_dict(gray.state_dict())
    network.nir.load_state_dict(nir.state_dict())
    return network


def describe(model: ColorizerModel) -> dict[str, Any]:
    """The configuration of a network as a part of another one: what differs from the defaults."""
    fields = set(type(model.config)().to_dict()) - {"architectures", "dtype", "transformers_version"}
    return {name: value for name, value in model.config.to_diff_dict().items() if name in fields | {"model_type"}}


def build_route_evaluator(test: list[NirPair], stage: Stage) -> Evaluator:
    """The measures of recipe `nir`, of the stage's route; of both and of what is fused where the stage fuses."""
    measure = build_nir_evaluator(test)
    routes: tuple[Route, ...] = ("nir", "gray", "fused") if stage.route == "fused" else (stage.route,)

    def measure_routes(model: ColorizerModel, step: int) -> dict[str, float]:
        measured = {}
        for route in routes:
            model.config.route = route
            values = measure(model, step)
            measured |= {name if route == stage.route else f"{route}_route_{name}": values[name] for name in values}
        model.config.route = stage.route
        return measured

    return measure_routes


def check_stage(config: CoColorRunConfig) -> None:
    """Raises ConfigError if there is nothing to learn in a stage, or a batch would be without what it learns from."""
    terms = [term for term in STAGES[config.stage].terms if getattr(config.weights, term)]
    if not terms:
        raise ConfigError(f"all terms of stage {config.stage} have a weight of 0")
    pairs = config.batch_size * (1 - config.pairs.photo_share)
    if set(terms) & set(OF_PAIRS_ALONE) and pairs < 1:
        raise ConfigError(
            f"stage {config.stage} learns from pairs, and not every batch of {config.batch_size} would have one; lower "
            "pairs.photo_share"
        )


def train(config: CoColorRunConfig, *, name: str) -> dict[str, Any]:
    """Train CoColor, one of its stages."""
    check_stage(config)
    build_evaluator = partial(build_route_evaluator, stage=STAGES[config.stage])
    return run_on_pairs(config, CoColorObjective, recipe="cocolor", name=name, build_evaluator=build_evaluator)


if __name__ == "__main__":
    command_line(train, CoColorRunConfig)

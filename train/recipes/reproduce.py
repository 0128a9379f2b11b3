"""Reproduce a table of experiments with one command; what is done already is not done again.

    python -m train.recipes.reproduce baseline --data photos/train.tar --photos photos/dev.tar \
        --alexnet alexnet.safetensors --vgg vgg16.safetensors
    python -m train.recipes.reproduce published --data photos/train.tar --photos photos/dev.tar \
        --alexnet alexnet.safetensors

`train/configs/reproduce/baseline.yaml` says what is compared. Each experiment leaves a record, with its evaluation and
curves, and a strip of pictures in `train/results/baseline/`; the table, the curves and the grid there are made from all
records. A run that was killed goes on where it was; an experiment whose weights a later one needs is trained again if
they are gone.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from PIL import Image
from rich import print

from colorizer_hf.color import lightness_table
from colorizer_hf.errors import ColorizerError
from colorizer_hf.imaging import read
from colorizer_hf.metrics.lpips import Lpips
from colorizer_hf.metrics.photos import load_photos
from colorizer_hf.metrics.protocols import evaluate
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.box_batch import BoxBatch
from colorizer_hf.pipeline import ColorizationPipeline
from train.parts.boxes import salient_boxes
from train.parts.config import ConfigError, build_config, merge, override
from train.parts.experiments import (
    Comparison,
    Experiment,
    draw_curves,
    draw_gray_strip,
    draw_grid,
    draw_strip,
    read_comparison,
    read_records,
    write_page,
)
from train.parts.network_cost import count_parameters, multiply_accumulates, relative_time
from train.parts.networks import save_network
from train.parts.palette_simulation import true_palette
from train.parts.results import read_history
from train.recipes import distill, gan, guided, instance, pretrain
from train.recipes.prune import prune

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "colorizer_hf" / "webui" / "examples"
RECIPES: dict[str, tuple[type, Callable[..., dict[str, Any]]]] = {
    "gan": (gan.GanConfig, gan.train),
    "distill": (distill.DistillConfig, distill.train),
    "pretrain": (pretrain.PretrainConfig, pretrain.train),
    "guided": (guided.GuidedConfig, guided.train),
    "instance": (instance.InstanceConfig, instance.train),
}
MEASURED = ("ssim", "mse", "ae", "colourfulness")
TOLD: dict[str, dict[str, Any]] = {"palette": {"palette": true_palette}, "boxes": {"boxes": salient_boxes}}
ONE_BOX = BoxBatch(torch.tensor([[[0.25, 0.25, 0.75, 0.75]]]), torch.ones(1, 1, dtype=torch.bool))


class Reproduction:
    """The experiments of one table.

    Args:
        comparison: The table.
        runs: Folder of the runs: checkpoints and weights.
        results: Folder of what is kept.
        overrides: Values of all runs by dotted key.
        photos: Photographs to evaluate on.
        lpips: Distances to evaluate with.
        shown: Photographs for the strips of pictures.
        vgg: Weights of VGG16 for experiments with LPIPS in the loss.
    """

    def __init__(
        self,
        comparison: Comparison,
        *,
        runs: Path,
        results: Path,
        overrides: dict[str, Any],
        photos: list[np.ndarray],
        lpips: list[Lpips],
        shown: list[Path],
        vgg: str | None = None,
    ) -> None:
        self.comparison = comparison
        self.runs = runs
        self.results = results
        self.overrides = overrides
        self.photos = photos
        self.lpips = lpips
        self.shown = shown
        self.vgg = vgg

    def reproduce(self, name: str, *, is_needed: bool = False) -> None:
        """Run an experiment and what it builds upon, unless that is done.

        Args:
            name: Of the experiment.
            is_needed: Whether its weights are needed, and its record alone is not enough.
        """
        has_weights = (self.runs / name / "model" / "manifest.json").is_file()
        if (self.results / f"{name}.json").is_file() and (has_weights or not is_needed):
            print(f"{name}: done")
            return
        experiment = self._experiment(name)
        for needed in experiment.needs:
            self.reproduce(needed, is_needed=True)
        print(f"{name}: {experiment.title}")
        record = json.loads((self.runs / name / "result.json").read_text()) if has_weights else self._train(name)
        self._keep(name, record)

    def _train(self, name: str) -> dict[str, Any]:
        experiment = self._experiment(name)
        kind, train = RECIPES[experiment.recipe]
        values = merge(self.comparison.common, experiment.run)
        fixed = {"output": str(self.runs / name), "init": self._start(name, experiment)}
        if values.get("loss", {}).get("lpips"):
            fixed["loss.lpips_weights"] = self.vgg
        if experiment.teacher:
            fixed["teacher"] = str(self.runs / experiment.teacher / "model")
        return train(build_config(kind, override(values, self.overrides | fixed)), name=name)

    def _start(self, name: str, experiment: Experiment) -> str | None:
        """The checkpoint that an experiment starts from."""
        if experiment.init is None:
            return None
        start = self.runs / experiment.init / "model"
        if not experiment.prune:
            return str(start)
        model = prune(load_model(start), experiment.prune)
        pruned = self.runs / name / "pruned"
        save_network(model, pruned)
        return str(pruned)

    def _keep(self, name: str, record: dict[str, Any]) -> None:
        """Measure what a run has come to, and write everything that is kept of it."""
        folder = self.runs / name
        pipeline = ColorizationPipeline.from_pretrained(folder / "model", device="cpu")
        model, told = pipeline.model, self._experiment(name).told
        record["evaluation"] = self._measure(model, **TOLD[told] if told else {})
        if told:
            record["untold"] = self._measure(model)
        picture = torch.rand(1, 1, 256, 256)
        boxes = {"boxes": ONE_BOX} if told == "boxes" else {}
        record["parameters"] = count_parameters(model)
        record["gmacs"] = round(multiply_accumulates(model, picture, **boxes) / 1e9, 3)
        record["time"] = round(relative_time(model, load_model(), picture, **boxes), 2)
        before = read_records(self.results, [self._experiment(name).init or ""]).values()
        for total, own in (("total_steps", "steps"), ("total_minutes", "minutes")):
            record[total] = record[own] + sum(start[total] for start in before)
        record["curves"] = [
            {key: value if key == "step" else float(f"{value:.4g}") for key, value in entry.items()}
            for entry in read_history(folder)
        ]
        self.results.mkdir(parents=True, exist_ok=True)
        strip = draw_strip(pipeline, self.shown, show_boxes) if boxes else draw_strip(pipeline, self.shown)
        strip.save(self.results / f"{name}.jpg", quality=85)
        (self.results / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def _measure(self, model: ColorizerModel, **told: Any) -> dict[str, Any]:
        """The evaluation of a network, with what it is told besides."""
        hints = self.comparison.hints if model.supports_hints else (0,)
        return evaluate(model, self.photos, hints=hints, metrics=MEASURED, lpips=self.lpips, **told).to_dict()

    def summarize(self) -> None:
        """Make the table, the curves and the grid of pictures from what is kept of all experiments."""
        records = read_records(self.results, list(self.comparison.experiments))
        strips = {"gray": draw_gray_strip(self.shown)}
        for name in records:
            with Image.open(self.results / f"{name}.jpg") as strip:
                strips[name] = strip.convert("RGB")
        draw_grid(strips).save(self.results / "grid.jpg", quality=85)
        draw_curves(records, self.results / "curves.png")
        write_page(self.comparison, records, self.results / "README.md")

    def _experiment(self, name: str) -> Experiment:
        experiments = self.comparison.experiments
        if name not in experiments:
            raise ConfigError(f"there is no experiment {name}; known are {', '.join(experiments)}")
        return experiments[name]


def show_boxes(photo: Path) -> dict[str, Any]:
    """Boxes around what is salient on a photograph, for the pipeline."""
    luminance = torch.from_numpy(lightness_table(np.uint8)[read(photo).luminance])[None, None]
    boxes, size = salient_boxes(luminance), torch.tensor(luminance.shape[:1:-1] * 2)
    return {"boxes": (boxes.corners[boxes.mask] * size).tolist()}


def main(
    table: Annotated[str, typer.Argument(help="Name of a file in train/configs/reproduce/.")],
    data: Annotated[list[str], typer.Option(help="Training photographs: folder, tar or hf:// id; repeatable.")],
    photos: Annotated[str, typer.Option(help="Photographs to evaluate on, never trained on.")],
    alexnet: Annotated[str | None, typer.Option(help="Weights of AlexNet, for LPIPS in the table.")] = None,
    vgg: Annotated[str | None, typer.Option(help="Weights of VGG16, for LPIPS in the loss.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Experiments; repeatable. All if absent.")] = None,
    limit: Annotated[int, typer.Option(help="Number of photographs to evaluate on.")] = 100,
    steps: Annotated[int | None, typer.Option(help="Steps of every run instead of the table's own.")] = None,
    runs: Annotated[Path | None, typer.Option(help="Folder of the runs; runs/TABLE if absent.")] = None,
    results: Annotated[Path | None, typer.Option(help="Folder of what is kept; train/results/TABLE if absent.")] = None,
) -> None:
    """Reproduce a table of experiments."""
    try:
        comparison = read_comparison(ROOT / "train" / "configs" / "reproduce" / f"{table}.yaml")
        reproduction = Reproduction(
            comparison,
            runs=runs or Path("runs") / table,
            results=results or ROOT / "train" / "results" / table,
            overrides={"data.sources": data, "steps": steps},
            photos=list(load_photos(photos, limit=limit, size=256)),
            lpips=[Lpips("alex", alexnet)] if alexnet else [],
            shown=sorted(EXAMPLES.glob("*.jpg")),  # all in the public domain or CC0
            vgg=vgg,
        )
        for name in only or comparison.experiments:
            reproduction.reproduce(name)
            reproduction.summarize()
    except ColorizerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)

"""Reproduce a table of experiments with one command; what is done already is not done again.

    python -m train.recipes.reproduce baseline --data photos/train.tar --photos photos/dev.tar \
        --alexnet alexnet.safetensors --vgg vgg16.safetensors
    python -m train.recipes.reproduce published --data photos/train.tar --photos photos/dev.tar \
        --alexnet alexnet.safetensors
    python -m train.recipes.reproduce nir --data photos/train.tar --pairs vcip2020-train.tar \
        --test-pairs vcip2020-val.tar --alexnet alexnet.safetensors

`train/configs/reproduce/baseline.yaml` says what is compared. Each experiment leaves a record, with its evaluation and
curves, and a strip of pictures in `train/results/baseline/`; the table, the curves and the grid there are made from all
records. Pictures of pairs lie with the runs instead, because the terms of their sets do not let them be shown. A run
that was killed goes on where it was; an experiment whose weights a later one needs is trained again if they are gone.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from PIL import Image
from rich import print

from colorizer_hf.errors import ColorizerError
from colorizer_hf.metrics.lpips import Lpips
from colorizer_hf.metrics.nir_floors import training_colours
from colorizer_hf.metrics.pairs import read_pairs
from colorizer_hf.metrics.photos import load_photos
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.box_batch import BoxBatch
from train.parts.config import ConfigError, build_config, merge, override
from train.parts.examiners import Examiner, PairExaminer, PhotoExaminer, spread
from train.parts.experiments import (
    Comparison,
    Experiment,
    draw_curves,
    draw_grid,
    read_comparison,
    read_records,
    write_page,
)
from train.parts.network_cost import count_parameters, multiply_accumulates, relative_time
from train.parts.networks import save_network
from train.parts.nir_data import PairConfig, read_split
from train.parts.results import read_history
from train.recipes import cocolor, colormamba, distill, gan, guided, instance, nir, pretrain
from train.recipes.prune import prune

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "colorizer_hf" / "webui" / "examples"
RECIPES: dict[str, tuple[type, Callable[..., dict[str, Any]]]] = {
    "gan": (gan.GanConfig, gan.train),
    "distill": (distill.DistillConfig, distill.train),
    "pretrain": (pretrain.PretrainConfig, pretrain.train),
    "guided": (guided.GuidedConfig, guided.train),
    "instance": (instance.InstanceConfig, instance.train),
    "nir": (nir.NirConfig, nir.train),
    "colormamba": (colormamba.ColorMambaRunConfig, colormamba.train),
    "cocolor": (cocolor.CoColorRunConfig, cocolor.train),
}
ONE_BOX = BoxBatch(torch.tensor([[[0.25, 0.25, 0.75, 0.75]]]), torch.ones(1, 1, dtype=torch.bool))


class Reproduction:
    """The experiments of one table.

    Args:
        comparison: The table.
        runs: Folder of the runs: checkpoints and weights.
        results: Folder of what is kept.
        overrides: Values of all runs by dotted key.
        examiner: Measures what the runs have come to.
        pictures: Folder of the pictures; that of what is kept if absent.
        vgg: Weights of VGG16 for experiments with LPIPS in the loss.
    """

    def __init__(
        self,
        comparison: Comparison,
        *,
        runs: Path,
        results: Path,
        overrides: dict[str, Any],
        examiner: Examiner,
        pictures: Path | None = None,
        vgg: str | None = None,
    ) -> None:
        self.comparison = comparison
        self.runs = runs
        self.results = results
        self.overrides = overrides
        self.examiner = examiner
        self.pictures = pictures or results
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
        folder, experiment = self.runs / name, self._experiment(name)
        model: Any = load_model(folder / "model")
        record["evaluation"] = self.examiner.measure(model, experiment.told)
        if experiment.told:
            record["untold"] = self.examiner.measure(model)
        strip = self.examiner.draw(model, experiment.told)
        picture = torch.rand(1, 1, 256, 256)
        boxes = {"boxes": ONE_BOX} if experiment.told == "boxes" else {}
        record["parameters"] = count_parameters(model)
        record["gmacs"] = round(multiply_accumulates(model, picture, **boxes) / 1e9, 3)
        record["time"] = round(relative_time(model, load_model(), picture, **boxes), 2)
        for route in experiment.routes:
            model.config.route = route
            record.setdefault("routes", {})[route] = self.examiner.measure(model)
        before = read_records(self.results, [experiment.init or ""]).values()
        for total, own in (("total_steps", "steps"), ("total_minutes", "minutes")):
            record[total] = record[own] + sum(start[total] for start in before)
        record["curves"] = [
            {key: value if key == "step" else float(f"{value:.4g}") for key, value in entry.items()}
            for entry in read_history(folder)
        ]
        for place in (self.results, self.pictures):
            place.mkdir(parents=True, exist_ok=True)
        strip.save(self.pictures / f"{name}.jpg", quality=85)
        (self.results / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def summarize(self) -> None:
        """Make the tables, the curves and the grid of pictures from what is kept of all experiments."""
        records = read_records(self.results, list(self.comparison.experiments))
        strips = self.examiner.draw_references()
        for name in records:
            path = self.pictures / f"{name}.jpg"
            if path.is_file():  # pictures that are not kept are gone in a fresh clone
                with Image.open(path) as strip:
                    strips[name] = strip.convert("RGB")
        self.pictures.mkdir(parents=True, exist_ok=True)
        draw_grid(strips).save(self.pictures / "grid.jpg", quality=85)
        draw_curves(records, self.results / "curves.png")
        has_pictures = self.pictures == self.results
        write_page(self.comparison, records, self.results / "README.md", has_pictures=has_pictures)

    def _experiment(self, name: str) -> Experiment:
        experiments = self.comparison.experiments
        if name not in experiments:
            raise ConfigError(f"there is no experiment {name}; known are {', '.join(experiments)}")
        return experiments[name]


def examine_pairs(pairs: list[str], test_pairs: list[str], lpips: list[Lpips], limit: int) -> PairExaminer:
    """Measures on pairs; its floors know the training pairs that show none of them.

    Args:
        pairs: Folders and tars of training pairs.
        test_pairs: Folders and tars of pairs to measure on.
        lpips: Distances to measure.
        limit: Number of pairs of each, evenly spread.
    """
    sets = {Path(source).stem: spread(list(read_pairs(source)), limit) for source in test_pairs}
    split = PairConfig(sources=tuple(pairs), held_out=tuple(test_pairs), drop_leaks=True)
    return PairExaminer(sets, training_colours(read_split(split, None)[0]), lpips)


def main(
    table: Annotated[str, typer.Argument(help="Name of a file in train/configs/reproduce/.")],
    data: Annotated[list[str], typer.Option(help="Training photographs: folder, tar or hf:// id; repeatable.")],
    photos: Annotated[str | None, typer.Option(help="Photographs to evaluate on, never trained on.")] = None,
    pairs: Annotated[list[str] | None, typer.Option(help="Training pairs, near infrared and colour.")] = None,
    test_pairs: Annotated[list[str] | None, typer.Option(help="Pairs to evaluate on, never trained on.")] = None,
    alexnet: Annotated[str | None, typer.Option(help="Weights of AlexNet, for LPIPS in the table.")] = None,
    vgg: Annotated[str | None, typer.Option(help="Weights of VGG16, for LPIPS in the loss.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Experiments; repeatable. All if absent.")] = None,
    limit: Annotated[int, typer.Option(help="Number of photographs, or of pairs of each set, to evaluate on.")] = 100,
    steps: Annotated[int | None, typer.Option(help="Steps of every run instead of the table's own.")] = None,
    runs: Annotated[Path | None, typer.Option(help="Folder of the runs; runs/TABLE if absent.")] = None,
    results: Annotated[Path | None, typer.Option(help="Folder of what is kept; train/results/TABLE if absent.")] = None,
) -> None:
    """Reproduce a table of experiments."""
    try:
        comparison = read_comparison(ROOT / "train" / "configs" / "reproduce" / f"{table}.yaml")
        runs, results = runs or Path("runs") / table, results or ROOT / "train" / "results" / table
        lpips = [Lpips("alex", alexnet)] if alexnet else []
        overrides: dict[str, Any] = {"data.sources": data, "steps": steps}
        pictures = results
        if comparison.protocol == "vcip2020":
            if not pairs or not test_pairs:
                raise ConfigError(f"table {table} is of near infrared; give --pairs and --test-pairs")
            overrides |= {"pairs.sources": pairs, "pairs.held_out": test_pairs}
            examiner, pictures = examine_pairs(pairs, test_pairs, lpips, limit), runs
        elif photos:
            shown = sorted(EXAMPLES.glob("*.jpg"))  # all in the public domain or CC0
            held_out = list(load_photos(photos, limit=limit, size=256))
            examiner = PhotoExaminer(held_out, shown, lpips, comparison.hints)
        else:
            raise ConfigError(f"table {table} is of photographs; give --photos")
        reproduction = Reproduction(
            comparison,
            runs=runs,
            results=results,
            overrides=overrides,
            examiner=examiner,
            pictures=pictures,
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

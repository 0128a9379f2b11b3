"""A table of experiments: which runs it compares, what is kept of each, how it is drawn and written."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from colorizer_hf.imaging import read
from colorizer_hf.pipeline import ColorizationPipeline

from .config import build_config, read_yaml

STRIP_HEIGHT = 128
LABEL_WIDTH = 150
SMOOTHED = 5  # lines of the log that a point of a curve is the mean of

# Key of an evaluation's row, column of the table, decimals.
MEASURES = (
    ("psnr", "PSNR", 2),
    ("gain", "over gray", 2),
    ("ssim", "SSIM", 4),
    ("mse", "MSE", 0),
    ("ae", "AE", 2),
    ("lpips_alex", "LPIPS (alex)", 4),
    ("colourfulness", "colourfulness", 1),
)


@dataclass(frozen=True)
class Experiment:
    """One line of the table.

    Attributes:
        title: What is compared, in a few words.
        recipe: That trains it.
        run: Values of the recipe's configuration beside those that all experiments share.
        init: Experiment whose weights this one starts from.
        prune: Share of the channels that are cut out of them first; 0 cuts none.
        teacher: Experiment that recipe `distill` learns from.
        told: What the network is told when it is measured: the true "palette" of each photograph, or "boxes" around
            what is salient on it. It is measured without as well.
    """

    title: str
    recipe: Literal["gan", "distill", "pretrain", "guided", "instance"]
    run: dict[str, Any] = field(default_factory=dict)
    init: str | None = None
    prune: float = 0.0
    teacher: str | None = None
    told: Literal["palette", "boxes"] | None = None

    @property
    def needs(self) -> list[str]:
        """Experiments whose weights must be there."""
        return [name for name in (self.init, self.teacher) if name]


@dataclass(frozen=True)
class Comparison:
    """Experiments that share data, steps and seed, and differ in one thing each.

    Attributes:
        title: Of the page.
        about: What is compared and how, for the page.
        common: Values of the recipes' configurations that all experiments share.
        experiments: By name, in the order of the table.
        hints: Numbers of hints to measure with; 0 first.
    """

    title: str
    about: str
    common: dict[str, Any]
    experiments: dict[str, Experiment]
    hints: tuple[int, ...] = (0,)


def read_comparison(path: Path) -> Comparison:
    """Read the YAML of a table.

    Raises:
        ConfigError: it cannot be read, or a key is unknown or missing.
    """
    values = read_yaml(path)
    values["experiments"] = {
        name: build_config(Experiment, experiment) for name, experiment in values.get("experiments", {}).items()
    }
    return build_config(Comparison, values)


def draw_strip(
    pipeline: ColorizationPipeline, photos: Sequence[Path], told: Callable[[Path], dict[str, Any]] = lambda _: {}
) -> Image.Image:
    """Photographs in the colours of a network, those it expects (vividness 0), side by side.

    Args:
        pipeline: With the network.
        photos: Files.
        told: Options of the pipeline for each of them.
    """
    return _side_by_side([pipeline(photo, vividness=0.0, **told(photo)).image for photo in photos])


def draw_gray_strip(photos: Sequence[Path]) -> Image.Image:
    """The same photographs as the networks see them."""
    return _side_by_side([Image.fromarray(read(photo).luminance).convert("RGB") for photo in photos])


def _side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    size = (STRIP_HEIGHT, STRIP_HEIGHT)
    strip = Image.new("RGB", (STRIP_HEIGHT * len(pictures), STRIP_HEIGHT))
    for i, picture in enumerate(pictures):
        strip.paste(ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=(0.5, 0.3)), (i * STRIP_HEIGHT, 0))
    return strip


def draw_grid(strips: Mapping[str, Image.Image]) -> Image.Image:
    """Strips under each other with their names in front."""
    width = max(strip.width for strip in strips.values())
    grid = Image.new("RGB", (LABEL_WIDTH + width, STRIP_HEIGHT * len(strips)), "white")
    pen = ImageDraw.Draw(grid)
    for row, (name, strip) in enumerate(strips.items()):
        pen.text((6, row * STRIP_HEIGHT + STRIP_HEIGHT // 2 - 6), name, fill="black", font_size=13)
        grid.paste(strip, (LABEL_WIDTH, row * STRIP_HEIGHT))
    return grid


def draw_curves(records: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """What the runs descended, and how often their discriminators were right, as one PNG."""
    from matplotlib import color_sequences  # extra eval
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.5), layout="constrained")
    distance, accuracy = figure.subplots(1, 2)
    distance.set_prop_cycle(color=color_sequences["tab20"])
    for name, record in records.items():
        curves = record["curves"]
        line = None
        for kind in ("l1", "mse", "huber", "imitation", "automatic", "loss"):
            values = [entry for entry in curves if kind in entry]
            if values:
                window = min(SMOOTHED, len(values))
                means = np.convolve([entry[kind] for entry in values], np.full(window, 1 / window), "valid")
                steps = [entry["step"] for entry in values[window - 1 :]]
                (line,) = distance.plot(steps, means / means[0], label=f"{name} ({kind})")
        judged = [entry for entry in curves if "accuracy" in entry]
        if judged and line is not None:
            accuracy.plot([e["step"] for e in judged], [e["accuracy"] for e in judged], color=line.get_color())
    distance.set(xlabel="step", ylabel=f"distance, mean of {SMOOTHED} log lines over the first", yscale="log")
    accuracy.set(xlabel="step", ylabel="discriminator's accuracy", ylim=(0.4, 1.02))
    for axes in (distance, accuracy):
        axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=110)


def write_page(comparison: Comparison, records: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """The table as Markdown, floors and ceiling beside the experiments; those without a record are left out."""
    hinted = [f"{count} hint{'s' * (count > 1)}" for count in comparison.hints[1:]]
    costs = ["parameters", "GMAC", "time", "steps", "minutes"]
    head = ["", "experiment", *(title for _, title, _ in MEASURES), *hinted, *costs]
    lines = [head, ["---", "---", *["---:"] * (len(head) - 2)]]
    evaluation = next(iter(records.values()))["evaluation"]
    for name in ("gray", "tone"):
        lines.append(["", f"{name} floor", *_cells(evaluation["references"][name]), *[""] * len(hinted + costs)])
    for name, record in records.items():
        automatic, *others = record["evaluation"]["rows"]
        cost = [f"{record['parameters'] / 1e6:.2f} M", f"{record['gmacs']:.2f}", f"{record['time']:.1f}x"]
        effort = [f"{record['total_steps']:,}", f"{record['total_minutes']:.0f}"]
        title = comparison.experiments[name].title
        gains = [f"{row['gain']:.2f}" for row in others] + [""] * (len(hinted) - len(others))
        lines.append([name, title, *_cells(automatic), *gains, *cost, *effort])
        if untold := record.get("untold"):
            automatic = untold["rows"][0]
            lines.append(["", "the same, told nothing", *_cells(automatic), *[""] * len(hinted + costs)])
    truth = f"{evaluation['rows'][0]['truth_colourfulness']:.1f}"
    lines.append(["", "truth", *[""] * (len(MEASURES) - 1), truth, *[""] * len(hinted + costs)])
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    missing = [name for name in comparison.experiments if name not in records]
    note = f"\n\nNot run yet: {', '.join(missing)}." if missing else ""
    path.write_text(
        f"# {comparison.title}\n\n{comparison.about.strip()}\n\n{table}{note}\n\n"
        "![Learning curves](curves.png)\n\n![Photographs in the colours of each network](grid.jpg)\n",
        encoding="utf-8",
    )


def _cells(row: Mapping[str, Any]) -> list[str]:
    return ["" if row.get(key) is None else f"{row[key]:.{places}f}" for key, _, places in MEASURES]


def read_records(folder: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is kept of the experiments that were run, in the order of `names`."""
    paths = {name: folder / f"{name}.json" for name in names}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.is_file()}

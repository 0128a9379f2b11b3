"""A table of experiments: which runs it compares, what is kept of each, how it is drawn and written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from colorizer_hf.metrics.nir_report import FLOOR_LABELS

from .config import build_config, read_yaml

STRIP_HEIGHT = 128
LABEL_WIDTH = 150
SMOOTHED = 5  # lines of the log that a point of a curve is the mean of

# By protocol: key of an evaluation's row, column of the table, decimals.
MEASURES = {
    "siggraph17": (
        ("psnr", "PSNR", 2),
        ("gain", "over gray", 2),
        ("ssim", "SSIM", 4),
        ("mse", "MSE", 0),
        ("ae", "AE", 2),
        ("lpips_alex", "LPIPS (alex)", 4),
        ("colourfulness", "colourfulness", 1),
    ),
    "vcip2020": (
        ("psnr", "PSNR", 2),
        ("luma_psnr", "luma", 2),
        ("ssim", "SSIM", 3),
        ("angle", "angle", 2),
        ("ciede2000", "CIEDE2000", 2),
        ("lpips_alex", "LPIPS (alex)", 3),
    ),
}
FLOORS = {"siggraph17": {"gray": "gray floor", "tone": "tone floor"}, "vcip2020": FLOOR_LABELS}
ROUTES = {"nir": "the same, F_N alone", "gray": "the same, F_G after translation alone"}


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
        routes: Of a CoColor that are measured besides what it gives.
    """

    title: str
    recipe: Literal["gan", "distill", "pretrain", "guided", "instance", "nir", "colormamba", "cocolor"]
    run: dict[str, Any] = field(default_factory=dict)
    init: str | None = None
    prune: float = 0.0
    teacher: str | None = None
    told: Literal["palette", "boxes"] | None = None
    routes: tuple[str, ...] = ()

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
        protocol: What is measured: "siggraph17" on photographs, "vcip2020" on pairs of near infrared and colour.
    """

    title: str
    about: str
    common: dict[str, Any]
    experiments: dict[str, Experiment]
    hints: tuple[int, ...] = (0,)
    protocol: Literal["siggraph17", "vcip2020"] = "siggraph17"


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


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """A strip of pictures, each cut to a square."""
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


def write_page(
    comparison: Comparison, records: Mapping[str, Mapping[str, Any]], path: Path, *, has_pictures: bool
) -> None:
    """A table in Markdown for everything that is measured on, and the pictures if they lie beside the page."""
    sets = _by_set(next(iter(records.values()))["evaluation"])
    tables = [(f"## {name}\n\n" if name else "") + _make_table(comparison, records, name) for name in sets]
    missing = [name for name in comparison.experiments if name not in records]
    parts = [f"# {comparison.title}", comparison.about.strip(), *tables]
    if missing:
        parts.append(f"Not run yet: {', '.join(missing)}.")
    parts.append("![Learning curves](curves.png)")
    if has_pictures:
        parts.append("![Photographs in the colours of each network](grid.jpg)")
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _make_table(comparison: Comparison, records: Mapping[str, Mapping[str, Any]], chosen: str) -> str:
    """The experiments as measured on one set, floors and ceiling beside; those without a record are left out."""
    measures = MEASURES[comparison.protocol]

    def cells(row: Mapping[str, Any]) -> list[str]:
        return ["" if row.get(key) is None else f"{row[key]:.{places}f}" for key, _, places in measures]

    hinted = [f"{count} hint{'s' * (count > 1)}" for count in comparison.hints[1:]]
    costs = ["parameters", "GMAC", "time", "steps", "minutes"]
    nothing = [""] * len(hinted + costs)
    head = ["", "experiment", *(title for _, title, _ in measures), *hinted, *costs]
    lines = [head, ["---", "---", *["---:"] * (len(head) - 2)]]
    evaluation = _by_set(next(iter(records.values()))["evaluation"])[chosen]
    first = evaluation["rows"][0]
    references = evaluation.get("references") or first["references"]
    for name, label in FLOORS[comparison.protocol].items():
        if name in references:
            lines.append(["", label, *cells(references[name]), *nothing])
    for name, record in records.items():
        automatic, *others = _by_set(record["evaluation"])[chosen]["rows"]
        cost = [f"{record['parameters'] / 1e6:.2f} M", f"{record['gmacs']:.2f}", f"{record['time']:.1f}x"]
        effort = [f"{record['total_steps']:,}", f"{record['total_minutes']:.0f}"]
        gains = [f"{row['gain']:.2f}" for row in others] + [""] * (len(hinted) - len(others))
        lines.append([name, comparison.experiments[name].title, *cells(automatic), *gains, *cost, *effort])
        for label, other in _variants(record).items():
            lines.append(["", label, *cells(_by_set(other)[chosen]["rows"][0]), *nothing])
    if "truth_colourfulness" in first:
        truth = f"{first['truth_colourfulness']:.1f}"
        lines.append(["", "truth", *[""] * (len(measures) - 1), truth, *nothing])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _by_set(evaluation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Evaluations by what they are on; that of photographs, the one there is, by an empty name."""
    return {"": evaluation} if "rows" in evaluation else evaluation


def _variants(record: Mapping[str, Any]) -> dict[str, Any]:
    """Further evaluations of the same network, by what to call them."""
    untold = {"the same, told nothing": record["untold"]} if "untold" in record else {}
    return untold | {ROUTES[route]: evaluation for route, evaluation in record.get("routes", {}).items()}


def read_records(folder: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is kept of the experiments that were run, in the order of `names`."""
    paths = {name: folder / f"{name}.json" for name in names}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.is_file()}

"""Compare every system behind the contract: what it costs at its published size, what it can, how good it was found.

    python -m train.recipes.compare            # measures costs, writes docs/comparison.md and its picture
    python -m train.recipes.compare --no-costs # with the costs that were measured last

Costs are of one picture of 256 x 256 with random weights, times on one thread, all networks in turns within one run.
What was measured of quality is read from the records in `train/results/`; published figures are in this file, and
where they come from on the page.
"""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich import print
from torch import Tensor

from colorizer_hf.metrics.plot import draw_gains
from colorizer_hf.metrics.report import SIGGRAPH17_GRAY_PSNR, SIGGRAPH17_PSNR
from colorizer_hf.models.auto import ARCHITECTURES, load_model
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.box_batch import BoxBatch
from train.parts.network_cost import best_seconds, count_parameters, multiply_accumulates
from train.parts.results import describe_hardware, git_commit

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "train" / "results"
COSTS = RESULTS / "comparison" / "costs.json"
PAGE = ROOT / "docs" / "comparison.md"
PICTURE = ROOT / "docs" / "images" / "hint_gains.png"
START, END = "<!-- made by python -m train.recipes.compare -->", "<!-- end -->"
BUNDLED = ("chromaformer", "chromaformer_nir")
ROUNDS = 4


@dataclass(frozen=True)
class System:
    """One line of the table.

    Attributes:
        architecture: Key of `ARCHITECTURES`, or the name of a bundled checkpoint.
        config: Fields that differ from its defaults.
        told: Additional input when it is measured: "boxes" of two things.
        published: Figures that its authors or others published, as text.
        ours: Records in `train/results/`: what is said of each, and the file.
    """

    architecture: str
    config: dict[str, Any] = field(default_factory=dict)
    told: str | None = None
    published: str = ""
    ours: tuple[tuple[str, str], ...] = ()

    def build(self) -> ColorizerModel:
        """The network in evaluation mode; with weights only if a checkpoint of it is bundled."""
        if self.architecture in BUNDLED:
            return load_model(self.architecture)
        kind = ARCHITECTURES[self.architecture]
        return kind.model(kind.config(**self.config)).eval()


SYSTEMS = {
    "unet": System("unet", ours=(("small", "baseline/a.json"),)),
    "pix2pix_unet": System("pix2pix_unet", ours=(("small", "baseline/g_alone.json"),)),
    "dynamic_unet": System("dynamic_unet", ours=(("small", "baseline/d.json"),)),
    "eccv16": System("eccv16", ours=(("small", "published/eccv16.json"),)),
    "siggraph17": System(
        "siggraph17",
        published="24.43, 25.37, 28.42, 31.13 dB with 0, 1, 10, 100 hints (a)",
        ours=(("small", "published/siggraph17_direct.json"),),
    ),
    "siggraph17, global hints": System(
        "siggraph17", {"global_hints": True}, ours=(("small, told the true histogram", "published/global.json"),)
    ),
    "instance_fusion": System(
        "instance_fusion",
        told="boxes",
        published="23.28 dB, FID 8.06 without hints (b)",
        ours=(("small, told salient boxes", "published/fusion.json"),),
    ),
    "colormamba": System("colormamba", published="24.56 dB, 2.81 degrees, of leaking test pairs (c)"),
    "chromaformer": System(
        "chromaformer",
        ours=(
            ("small", "published/flagship.json"),
            ("bundled, ImageNet", "chromaformer/cpu_wide_decibel-2026-11-26-imagenet.json"),
        ),
    ),
    "chromaformer_nir": System("chromaformer_nir"),
    "cocolor": System("cocolor"),
}

# Label of a curve, and the record it is drawn from.
CURVES = {
    "chromaformer as bundled, 200 ImageNet photographs": "chromaformer/cpu_wide_decibel-2026-11-26-imagenet.json",
    "chromaformer as bundled, 400 photographs of all kinds": "chromaformer/cpu_wide_decibel-2026-11-26-ordinary.json",
    "chromaformer, 4,800 crops, 30 photographs": "published/flagship.json",
    "siggraph17, an eighth of the channels, the same crops and photographs": "published/siggraph17_direct.json",
}
TWO_BOXES = BoxBatch(torch.tensor([[[0.1, 0.1, 0.5, 0.6], [0.5, 0.3, 0.9, 0.9]]]), torch.ones(1, 2, dtype=torch.bool))


def measure_costs() -> dict[str, Any]:
    """What every system costs, and what it can."""
    picture = torch.rand(1, 1, 256, 256)
    models = {name: system.build() for name, system in SYSTEMS.items()}
    told = {name: {"boxes": TWO_BOXES} if system.told == "boxes" else {} for name, system in SYSTEMS.items()}
    seconds = best_seconds([partial(models[name], picture, **told[name]) for name in SYSTEMS], ROUNDS)
    rows = {}
    for (name, model), taken in zip(models.items(), seconds, strict=True):
        print(f"{name}: {taken:.2f} s")
        rows[name] = {
            "parameters": count_parameters(model),
            "gmacs": round(multiply_accumulates(model, picture, **told[name]) / 1e9, 2),
            "seconds": round(taken, 3),
            "can": capabilities(model, picture),
        }
    return {"commit": git_commit(), "hardware": describe_hardware(), "threads": 1, "systems": rows}


def capabilities(model: ColorizerModel, picture: Tensor) -> list[str]:
    """What can be said to a network or asked of it."""
    with torch.no_grad():
        suggests = model(picture).logits is not None
    abilities = {
        "hints": model.supports_hints,
        "palette": model.supports_palette,
        "boxes": model.supports_boxes,
        "suggestions": suggests,
        "NIR": model.config.modality != "gray",
    }
    return [name for name, is_able in abilities.items() if is_able]


def make_table(costs: dict[str, Any]) -> str:
    """The table in Markdown."""
    head = ["system", "parameters", "GMAC", "seconds", "can take or give", "published", "ours, dB over gray"]
    lines = [head, ["---", "---:", "---:", "---:", "---", "---", "---"]]
    for name, system in SYSTEMS.items():
        cost = costs["systems"][name]
        figures = [f"{cost['parameters']:,}", f"{cost['gmacs']:.2f}", f"{cost['seconds']:.2f}"]
        ours = "; ".join(f"{label}: {say_gains(gains)}" for label, gains in read_gains(system.ours).items())
        lines.append(
            [f"`{name}`" if "," not in name else name, *figures, ", ".join(cost["can"]), system.published, ours]
        )
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def say_gains(gains: dict[int, float]) -> str:
    """Gains by the number of hints, in words."""
    if list(gains) == [0]:
        return f"{gains[0]:+.2f}"
    return ", ".join(f"{gain:+.2f}" for gain in gains.values()) + f" with {', '.join(map(str, gains))} hints"


def read_gains(records: tuple[tuple[str, str], ...]) -> dict[str, dict[int, float]]:
    """Gains over gray by label and number of hints, of the records that are there."""
    found = {}
    for label, place in records:
        path = RESULTS / place
        if path.is_file():
            record = json.loads(path.read_text(encoding="utf-8"))
            rows = record.get("evaluation", record)["rows"]
            found[label] = {row["hints"]: row["gain"] for row in rows}
    return found


def draw_curves(path: Path) -> None:
    """The published curve of hints, and ours."""
    label = "siggraph17 as published, 1,000 ImageNet photographs"
    published = {hints: level - SIGGRAPH17_GRAY_PSNR for hints, level in SIGGRAPH17_PSNR.items()}
    draw_gains({label: published} | read_gains(tuple(CURVES.items()))).savefig(path, dpi=110)


def write_page(page: Path, table: str) -> None:
    """Put the table in its place on the page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(START, 1)
    _, after = rest.split(END, 1)
    page.write_text(f"{before}{START}\n{table}\n{END}{after}", encoding="utf-8")


def main(
    costs: Annotated[bool, typer.Option(help="Measure costs; otherwise those of the last time are taken.")] = True,
) -> None:
    """Compare every system behind the contract."""
    if costs:
        COSTS.parent.mkdir(parents=True, exist_ok=True)
        COSTS.write_text(json.dumps(measure_costs(), indent=1) + "\n", encoding="utf-8")
    write_page(PAGE, make_table(json.loads(COSTS.read_text(encoding="utf-8"))))
    draw_curves(PICTURE)


if __name__ == "__main__":
    typer.run(main)

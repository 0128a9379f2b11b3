"""The model card of a published checkpoint, made from what is known about it: manifest, run record, evaluations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ..metrics.nir_report import FLOOR_LABELS
from ..models.base import ColorizerModel

TEMPLATE = Path(__file__).parent / "templates" / "model_card.md"
SAMPLER_TEMPLATE = TEMPLATE.with_name("sampler_card.md")
# Key of an evaluation, its column in the table, decimals.
_COLUMNS = (
    ("psnr", "PSNR", 2),
    ("gain", "over gray", 2),
    ("ssim", "SSIM", 4),
    ("mse", "MSE", 0),
    ("ae", "AE", 2),
    ("ciede2000", "CIEDE2000", 2),
    ("lpips_alex", "LPIPS (alex)", 4),
    ("colourfulness", "colourfulness", 1),
)
# The same for the Hub's index of results: its own name for the metric.
_INDEX = (("psnr", "psnr"), ("ssim", "ssim"), ("mse", "mse"), ("ae", "ae"), ("lpips_alex", "lpips"))
_INDEXED_HINTS = (0, 1, 10, 100)
# The same for pairs of near-infrared and colour photographs.
_NIR_COLUMNS = (
    ("psnr", "PSNR", 2),
    ("luma_psnr", "luma PSNR", 2),
    ("ssim", "SSIM", 4),
    ("angle", "angle", 2),
    ("angle_legacy", "angle, legacy", 2),
    ("ciede2000", "CIEDE2000", 2),
    ("lpips_alex", "LPIPS (alex)", 4),
)
_NIR_INDEX = (("psnr", "psnr"), ("ssim", "ssim"), ("angle_legacy", "angular-error"), ("lpips_alex", "lpips"))

Record = Mapping[str, Any]


def model_card(
    model: ColorizerModel, repo_id: str, manifest: Record, results: Mapping[str, Record], *, has_graphs: bool = False
) -> ModelCard:
    """Write the card.

    Args:
        model: The network.
        repo_id: Where it will be published.
        manifest: Of the checkpoint (`manifest.json`); may be empty.
        results: By name: records of training runs (`result.json`) and evaluations (`colorizer evaluate --json`).
        has_graphs: Whether exported graphs are published with it.
    """
    evaluations = {name: result for name, result in results.items() if "protocol" in result}
    runs = {name: result for name, result in results.items() if "recipe" in result}
    name = repo_id.rsplit("/", 1)[-1]
    data = ModelCardData(
        library_name="colorizer_hf",
        pipeline_tag="image-to-image",
        license=str(manifest.get("license", "other")),
        tags=["image-colorization", "colorization", model.config.model_type],
        datasets=list(manifest.get("datasets", ())) or None,
        metrics=[name for _, name in _INDEX],
        model_name=name,
        eval_results=[result for title, one in evaluations.items() for result in _eval_results(title, one)] or None,
    )
    return ModelCard.from_template(
        data,
        template_str=TEMPLATE.read_text(encoding="utf-8"),
        model_name=name,
        repo_id=repo_id,
        description=_description(model),
        has_graphs=has_graphs,
        training="\n\n".join(_training(name, run) for name, run in runs.items()) or _unknown(manifest),
        evaluation="\n\n".join(_table(title, one) for title, one in evaluations.items()) or "Not measured yet.",
        license=str(manifest.get("license", "not stated")),
    )


def sampler_card(sampler: Any, repo_id: str) -> ModelCard:
    """The card of a `ColorizationDiffusionPipeline`."""
    name = repo_id.rsplit("/", 1)[-1]
    data = ModelCardData(
        library_name="diffusers",
        pipeline_tag="image-to-image",
        license="apache-2.0",
        tags=["image-colorization", "colorization", "flow-matching"],
        model_name=name,
    )
    parameters = {
        part: sum(p.numel() for p in getattr(sampler, part).parameters()) / 1e6 for part in ("unet", "encoder")
    }
    return ModelCard.from_template(
        data,
        template_str=SAMPLER_TEMPLATE.read_text(encoding="utf-8"),
        model_name=name,
        repo_id=repo_id,
        size=sampler.config["size"],
        **{part: f"{millions:.1f}" for part, millions in parameters.items()},
    )


def _description(model: ColorizerModel) -> str:
    kind = {"gray": "gray photographs", "nir": "near-infrared frames", "any": "gray and near-infrared photographs"}
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    return (
        f"Gives colour to {kind[model.config.modality]}; takes colour hints and keeps the photograph's own size. "
        f"Network `{model.config.model_type}` of colorizer_hf, {millions:.1f} million parameters, working size "
        f"{model.config.working_size} pixels."
    )


def _training(name: str, run: Record) -> str:
    images = f"{run['images']:,} images in " if "images" in run else ""
    sources = ", ".join(f"`{source}`" for source in run["config"]["data"]["sources"])
    note = f" {run['note']}" if run.get("note") else ""
    return (
        f"Recipe `{run['recipe']}`, configuration `{run['name']}`: {images}{run['steps']:,} steps, {run['minutes']:g} "
        f"minutes on {run['hardware']}, on {sources}; commit {run['commit']}, all of it in `results/{name}.json`.{note}"
    )


def _unknown(manifest: Record) -> str:
    return f"Recipe `{manifest['recipe']}`." if "recipe" in manifest else "Nothing is recorded about it."


def _table(title: str, evaluation: Record) -> str:
    """An evaluation as a table, its floors and ceiling beside the network."""
    if _is_nir(evaluation):
        return _nir_table(title, evaluation)
    references = evaluation["references"]
    lines = {"gray floor": references["gray"], "tone floor": references["tone"]}
    lines |= {str(row["hints"]): row for row in evaluation["rows"]} | {"ceiling": references["ceiling"]}
    measured = [column for column in _COLUMNS if references["gray"].get(column[0]) is not None]
    head = ["hints", *(title for _, title, _ in measured)]
    rows = [[label, *(f"{line[key]:.{places}f}" for key, _, places in measured)] for label, line in lines.items()]
    return (
        f"### {title}\n\nProtocol `{evaluation['protocol']}`, {evaluation['images']} photographs at "
        f"{evaluation['size']} pixels, vividness 0; PSNR in dB. The *gray floor* is the photograph without colour, the "
        f"*tone floor* one colour everywhere, the *ceiling* the true colours at the network's resolution.\n\n"
        f"{_markdown(head, rows)}"
    )


def _nir_table(title: str, evaluation: Record) -> str:
    """An evaluation on near-infrared frames: every subset and target, its floors before the network."""
    measured = [column for column in _NIR_COLUMNS if evaluation["rows"][0].get(column[0]) is not None]
    rows = []
    for row in evaluation["rows"]:
        group = f"{row['subset'].replace('_', ' ')} ({row['images']}), {row['target']}"
        floors = {label: row["references"].get(name) for name, label in FLOOR_LABELS.items()}
        for label, line in (floors | {"model": row}).items():
            if line is not None:
                rows.append([group, label, *(_figure(line[key], places) for key, _, places in measured)])
    head = ["pairs, target", "picture", *(title for _, title, _ in measured)]
    return (
        f"### {title}\n\nProtocol `{evaluation['protocol']}`, {evaluation['images']} pairs of near-infrared and "
        f"colour photographs, vividness 0; PSNR in dB, angles between RGB vectors in degrees. *NIR copied* is "
        f"the frame itself, *true gray* the photograph without colour.\n\n{_markdown(head, rows)}"
    )


def _is_nir(evaluation: Record) -> bool:
    return evaluation["protocol"] == "vcip2020"


def _figure(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _eval_results(title: str, evaluation: Record) -> Sequence[EvalResult]:
    if _is_nir(evaluation):
        return _nir_eval_results(title, evaluation)
    return [
        EvalResult(
            task_type="image-to-image",
            task_name="Image colorization",
            dataset_type=title,
            dataset_name=f"{title} ({evaluation['images']} photographs, protocol {evaluation['protocol']})",
            metric_type=name,
            metric_name=f"{name.upper()}, {row['hints']} hint{'s' * (row['hints'] != 1)}",
            metric_value=round(row[key], 4),
        )
        for row in evaluation["rows"]
        if row["hints"] in _INDEXED_HINTS
        for key, name in _INDEX
        if row.get(key) is not None
    ]


def _nir_eval_results(title: str, evaluation: Record) -> Sequence[EvalResult]:
    return [
        EvalResult(
            task_type="image-to-image",
            task_name="Near-infrared colorization",
            dataset_type=title,
            dataset_name=f"{title} ({row['images']} pairs {row['subset']}, protocol {evaluation['protocol']}, raw)",
            metric_type=name,
            metric_name=f"{name.upper()}, {row['subset'].replace('_', ' ')}",
            metric_value=round(row[key], 4),
        )
        for row in evaluation["rows"]
        if row["target"] == "raw"
        for key, name in _NIR_INDEX
        if row.get(key) is not None
    ]


__all__ = ["model_card", "sampler_card"]

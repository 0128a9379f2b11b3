"""The generated model card: what the Hub reads of it, and what a person reads."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard

from colorizer_hf.hub.card import model_card
from colorizer_hf.metrics.pairs import NirPair
from colorizer_hf.metrics.vcip2020 import evaluate_pairs
from colorizer_hf.models.auto import CheckpointInfo, bundled_checkpoints, load_model

RESULTS = Path(__file__).parents[2] / "train" / "results" / "chromaformer"
RUN, DEVELOPMENT = "cpu-2026-11-23", "cpu-2026-11-23-development"


@pytest.fixture(scope="module")
def bundled() -> CheckpointInfo:
    return next(checkpoint for checkpoint in bundled_checkpoints() if checkpoint.name == "chromaformer")


@pytest.fixture(scope="module")
def records() -> dict[str, Any]:
    return {name: json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in (RUN, DEVELOPMENT)}


@pytest.fixture(scope="module")
def card(bundled: CheckpointInfo, records: dict[str, Any]) -> ModelCard:
    return ModelCard(str(model_card(load_model(), "owner/portraits", bundled.manifest, records)))


def test_says_to_the_hub_what_it_is(card: ModelCard, bundled: CheckpointInfo) -> None:
    assert card.data.get("library_name") == "colorizer_hf"
    assert card.data.get("pipeline_tag") == "image-to-image"
    assert card.data.get("license") == bundled.manifest["license"]
    assert {"image-colorization", "chromaformer"} <= set(card.data.get("tags", []))


def test_its_index_has_the_figures_of_the_evaluation(card: ModelCard, records: dict[str, Any]) -> None:
    indexed = {result.metric_name: result.metric_value for result in card.data.get("eval_results", [])}
    for row in records[DEVELOPMENT]["rows"]:
        if row["hints"] in (0, 10, 100):
            assert indexed[f"PSNR, {row['hints']} hints"] == pytest.approx(row["psnr"], abs=1e-4)
            assert indexed[f"LPIPS, {row['hints']} hints"] == pytest.approx(row["lpips_alex"], abs=1e-4)


def test_its_table_has_floors_and_ceiling_beside_the_network(card: ModelCard, records: dict[str, Any]) -> None:
    rows = dict(re.findall(r"^\| ([\w ]+) \| ([\d.]+) \|", card.text, re.MULTILINE))
    evaluation = records[DEVELOPMENT]
    assert float(rows["gray floor"]) == pytest.approx(evaluation["references"]["gray"]["psnr"], abs=0.006)
    assert float(rows["tone floor"]) == pytest.approx(evaluation["references"]["tone"]["psnr"], abs=0.006)
    for row in evaluation["rows"]:
        assert float(rows[str(row["hints"])]) == pytest.approx(row["psnr"], abs=0.006)


def test_says_how_it_was_trained_and_what_it_cannot(card: ModelCard, records: dict[str, Any]) -> None:
    assert f"{records[RUN]['images']:,} images" in card.text
    assert records[RUN]["commit"] in card.text
    assert "not historical truth" in card.text
    assert "owner/portraits" in card.text


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    card = ModelCard(str(model_card(load_model(), "owner/unknown", {}, {})))
    assert card.data.get("license") == "other"
    assert card.data.get("eval_results") is None
    assert "Not measured yet." in card.text
    assert "Nothing is recorded" in card.text


def test_shows_an_evaluation_on_near_infrared_frames_with_its_floors(bundled: CheckpointInfo) -> None:
    frame = np.full((16, 16), 90, np.uint8)
    pairs = [NirPair("testing_0005", frame, np.stack([frame + 40, frame, frame], axis=-1))]
    report = evaluate_pairs(pairs, lambda nir: np.stack([nir + 10, nir, nir], axis=-1)).to_dict()
    card = ModelCard(str(model_card(load_model(), "owner/frames", bundled.manifest, {"public-test": report})))
    indexed = {result.metric_name: result.metric_value for result in card.data.get("eval_results", [])}
    raw = report["rows"][0]
    assert indexed["PSNR, all"] == indexed["PSNR, not in training"] == pytest.approx(raw["psnr"], abs=1e-4)
    assert f"| all (1), raw | model | {raw['psnr']:.2f} |" in card.text
    assert f"| all (1), raw | NIR copied | {raw['references']['nir_copied']['psnr']:.2f} |" in card.text
    assert "| not in training (1), stretched | model |" in card.text

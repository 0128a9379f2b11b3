"""The three files of the published instance-aware network become one checkpoint that colours alike."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from colorizer_hf.conversion.convert import convert
from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.box_batch import BoxBatch
from tests.published_layouts import PublishedFusion, PublishedInstance, PublishedSiggraph17, randomize

SIDE = 64
BOXES = ((0.125, 0.25, 0.6, 0.9), (0.4, 0.0, 1.0, 0.5), (0.7, 0.7, 0.95, 1.0))  # two overlap


@pytest.fixture
def networks() -> tuple[Any, Any, Any]:
    full, instance, fusion = PublishedSiggraph17(4), PublishedInstance(4), PublishedFusion(4, 3)
    for number, network in enumerate((full, instance, fusion)):
        randomize(network)
        for parameter in network.parameters():
            parameter.data *= 1 + number / 20  # no two of them are alike
    return full, instance, fusion


def save(networks: tuple[nn.Module, ...], folder: Path) -> list[Path]:
    files = [folder / f"latest_net_{name}.pth" for name in ("GComp", "G", "GF")]
    for network, file in zip(networks, files, strict=True):
        torch.save(network.state_dict(), file)
    return files


@torch.no_grad()
def test_colours_as_the_published_networks_do_with_boxes_and_without(
    networks: tuple[Any, Any, Any], tmp_path: Path
) -> None:
    full, instance, fusion = networks
    convert("instance_fusion", save(networks, tmp_path), tmp_path / "checkpoint", settings={"instance_size": SIDE})
    model: Any = load_model(tmp_path / "checkpoint")
    assert (model.config.width, model.config.fusion_width, model.config.padding) == (4, 3, "zero")
    photo, *things = torch.rand(4, 1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    crops = torch.cat(things)
    expected = fusion.color(100 * photo, instance.see(100 * crops), BOXES) / 110
    assert expected.std() > 0.1
    boxes = BoxBatch(torch.tensor([BOXES]), torch.ones(1, 3, dtype=torch.bool), crops[None])
    torch.testing.assert_close(model(photo, boxes=boxes).chroma, expected, atol=1e-5, rtol=0)
    nothing = torch.zeros(1, 2, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE)
    alone, _ = full(100 * photo, *nothing, 0.5)
    torch.testing.assert_close(model(photo).chroma, alone / 110, atol=1e-5, rtol=0)


def test_files_in_another_order_or_number_are_refused(networks: tuple[Any, Any, Any], tmp_path: Path) -> None:
    full, instance, fusion = save(networks, tmp_path)
    with pytest.raises(CheckpointError, match=r"latest_net_GF\.pth has weights weight_layer\.simple_instance_conv"):
        convert("instance_fusion", [fusion, instance, full], tmp_path / "checkpoint")
    with pytest.raises(CheckpointError, match=r"latest_net_G\.pth lacks .* such as weight_layer\.simple_instance_conv"):
        convert("instance_fusion", [full, fusion.with_name("latest_net_G.pth"), instance], tmp_path / "checkpoint")
    with pytest.raises(CheckpointError, match=r"in 3 files \(FULL, INSTANCE, FUSION\), got 2"):
        convert("instance_fusion", [full, fusion], tmp_path / "checkpoint")
    assert not (tmp_path / "checkpoint").exists()

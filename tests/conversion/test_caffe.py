"""Files of Caffe: protocol buffers, written here field by field as the format says."""

import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from colorizer_hf.conversion.caffe import read_caffe
from colorizer_hf.conversion.convert import convert
from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import load_model
from tests.published_layouts import PublishedEccv16, PublishedGlobalHints, PublishedSiggraph17, randomize

WIDTH = 4


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(tensor: Tensor) -> bytes:
    shape = b"".join(varint(size) for size in tensor.shape)
    return field(7, field(1, shape)) + field(5, struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist()))


def old_blob(tensor: Tensor) -> bytes:
    shape = (1,) * (4 - tensor.ndim) + tuple(tensor.shape)
    sizes = b"".join(field(number, size) for number, size in enumerate(shape, start=1))
    single = b"".join(varint(5 << 3 | 5) + struct.pack("<f", value) for value in tensor.flatten().tolist())
    return sizes + single


def layer(name: str, *blobs: Tensor, kind: str = "Convolution") -> bytes:
    content = field(1, name.encode()) + field(2, kind.encode()) + b"".join(field(7, blob(one)) for one in blobs)
    return field(100, content)


def caffe_names(block: int, last: int) -> list[tuple[str, str]]:
    """Names of a block's convolutions and its norm: of Caffe, and of the published PyTorch code."""
    convolutions = [(f"conv{block}_{count}", f"model{block}.{2 * count - 2}") for count in range(1, last + 1)]
    return [*convolutions, (f"conv{block}_{last}norm", f"model{block}.{2 * last}")]


ENCODER = [pair for block, last in enumerate((2, 2, 3, 3, 3, 3, 3), start=1) for pair in caffe_names(block, last)]
DECODER = [
    ("conv8_1", "model8up.0"), ("conv3_3_short", "model3short8.0"),
    ("conv8_2", "model8.1"), ("conv8_3", "model8.3"), ("conv8_3norm", "model8.5"),
    ("conv9_1", "model9up.0"), ("conv2_2_short", "model2short9.0"),
    ("conv9_2", "model9.1"), ("conv9_2norm", "model9.3"),
    ("conv10_1", "model10up.0"), ("conv1_2_short", "model1short10.0"),
    ("conv10_2", "model10.1"), ("conv10_ab", "model_out.0"),
]  # fmt: skip
BRANCH = [
    *((name, name) for number in (2, 3, 4) for name in (f"glob_conv{number}", f"glob_conv{number}norm")),
    ("glob_conv1", "glob_conv1"), ("s_conv1", "s_conv1"), ("s_glob_conv1norm", "s_glob_conv1norm"),
]  # fmt: skip


def model_file(weights: dict[str, Tensor], names: list[tuple[str, str]]) -> bytes:
    """A network whose norms have no weights and whose inputs are not scaled."""
    layers = [field(1, b"a network"), layer("data", kind="Input")]
    for name, theirs in names:
        if f"{theirs}.running_mean" in weights:
            statistics = [3 * weights[f"{theirs}.running_{part}"] for part in ("mean", "var")]
            layers.append(layer(name, *statistics, torch.tensor([3.0]), kind="BatchNorm"))
        elif name == "conv1_1":
            weight, bias = weights[f"{theirs}.weight"], weights[f"{theirs}.bias"]
            layers.append(layer("bw_conv1_1", weight[:, :1] / 100, bias / 2 if weight.shape[1] > 1 else bias))
            if weight.shape[1] > 1:
                layers.append(layer("ab_conv1_1", weight[:, 1:] / 110, bias / 2))
        else:
            layers.append(layer(name, weights[f"{theirs}.weight"], weights[f"{theirs}.bias"]))
    return b"".join(layers)


@pytest.fixture
def luminance() -> Tensor:
    return torch.rand(1, 1, 32, 48, generator=torch.Generator().manual_seed(1))


class TestSameColours:
    @torch.no_grad()
    def test_of_siggraph17(self, tmp_path: Path, luminance: Tensor) -> None:
        published = randomize(PublishedSiggraph17(WIDTH), affine_norms=False)
        subsampling = layer("conv1_2norm_ss", torch.ones(4, 1, 1, 1))
        content = model_file(published.state_dict(), ENCODER + DECODER) + subsampling
        (tmp_path / "model.caffemodel").write_bytes(content)
        convert("siggraph17", [tmp_path / "model.caffemodel"], tmp_path / "checkpoint")
        model = load_model(tmp_path / "checkpoint")
        zeros = torch.zeros_like(luminance)
        expected, _ = published(100 * luminance, zeros.expand(-1, 2, -1, -1), zeros, 0.0)
        torch.testing.assert_close(model(luminance).chroma, expected / 110 * 100 / 110, atol=1e-5, rtol=0)
        assert not model.config.class_head

    @torch.no_grad()
    def test_of_siggraph17_with_global_hints(self, tmp_path: Path, luminance: Tensor) -> None:
        published: Any = randomize(PublishedGlobalHints(WIDTH), affine_norms=False)
        (tmp_path / "model.caffemodel").write_bytes(model_file(published.state_dict(), ENCODER + DECODER + BRANCH))
        convert("siggraph17_global", [tmp_path / "model.caffemodel"], tmp_path / "checkpoint")
        model = load_model(tmp_path / "checkpoint")
        expected = published.color(100 * luminance, torch.zeros(1, 314), torch.zeros(1, 2))
        torch.testing.assert_close(model(luminance).chroma, expected / 110 * 100 / 110, atol=1e-5, rtol=0)

    @torch.no_grad()
    def test_of_eccv16(self, tmp_path: Path, luminance: Tensor) -> None:
        published: Any = randomize(PublishedEccv16(WIDTH), affine_norms=False)
        names = [*ENCODER, ("conv8_1", "model8.0"), ("conv8_2", "model8.2"), ("conv8_3", "model8.4")]
        names.append(("conv8_313", "model8.6"))
        content = model_file(published.state_dict(), names) + layer(
            "class8_ab", torch.rand(2, 313, 1, 1), torch.rand(2)
        )
        (tmp_path / "model.caffemodel").write_bytes(content)
        convert("eccv16", [tmp_path / "model.caffemodel"], tmp_path / "checkpoint")
        model = load_model(tmp_path / "checkpoint")
        published.model_out.weight.copy_(model.bin_centers.T[:, :, None, None])
        torch.testing.assert_close(model(luminance).chroma, published(100 * luminance) / 110, atol=1e-5, rtol=0)
        assert model.config.annealing == 2.606


class TestReading:
    def test_of_the_old_version(self, tmp_path: Path) -> None:
        weight, bias = torch.rand(2, 3, 1, 1), torch.rand(5)
        old = field(4, b"conv") + field(6, old_blob(weight)) + field(6, old_blob(bias))
        (tmp_path / "old.caffemodel").write_bytes(field(2, old))
        read = read_caffe(tmp_path / "old.caffemodel")
        assert torch.equal(read["conv.weight"], weight)
        assert torch.equal(read["conv.bias"], bias)

    @pytest.mark.parametrize("end", [-1, -30, 12])
    def test_of_damaged_files_is_refused(self, tmp_path: Path, end: int) -> None:
        content = layer("conv", torch.rand(8, 3, 3, 3), torch.rand(8))
        (tmp_path / "damaged.caffemodel").write_bytes(content[:end])
        with pytest.raises(CheckpointError, match=r"damaged.caffemodel is damaged or no file of Caffe; fetch it again"):
            read_caffe(tmp_path / "damaged.caffemodel")

    @pytest.mark.parametrize("content", [b"<html>404</html>", b"\xff" * 40])
    def test_of_anything_else_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "page.caffemodel").write_bytes(content)
        with pytest.raises(CheckpointError, match=r"is damaged or no file of Caffe|holds no weights"):
            convert("eccv16", [tmp_path / "page.caffemodel"], tmp_path / "checkpoint")

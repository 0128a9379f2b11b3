"""The network of 2016: how it takes a colour from its distribution."""

from typing import Any

import pytest
import torch

from colorizer_hf.models.chroma_bins import bin_centers
from colorizer_hf.models.eccv16 import Eccv16Config, Eccv16Model


def network_between(*colors: tuple[float, float], logits: tuple[float, ...], **options: Any) -> Eccv16Model:
    """One that believes in some colours (Lab a, b) everywhere."""
    model = Eccv16Model(Eccv16Config(width=4, **options)).eval()
    head: Any = model.conv8[-1]
    torch.nn.init.zeros_(head.weight)
    head.bias.data.fill_(-40)
    for color, logit in zip(colors, logits, strict=True):
        head.bias.data[(bin_centers() - torch.tensor(color)).norm(dim=1).argmin()] = logit
    return model


def color_of(model: Eccv16Model, **options: Any) -> list[float]:
    with torch.no_grad():
        chroma = model.decode(model.encode(torch.rand(1, 1, 24, 32)), **options).chroma
    assert torch.allclose(chroma, chroma[:, :, :1, :1])
    return (110 * chroma[0, :, 0, 0]).tolist()


RED, GREEN = (60.0, 40.0), (-40.0, 20.0)


class TestDecoding:
    def test_takes_the_mean(self) -> None:
        assert color_of(network_between(RED, GREEN, logits=(0, 0))) == pytest.approx([10, 30], abs=1e-3)

    def test_vividness_anneals_at_the_published_temperature(self) -> None:
        share = float(torch.tensor([1 / 0.38, 0]).softmax(dim=0)[0])
        expected = [60 * share - 40 * (1 - share), 40 * share + 20 * (1 - share)]
        assert color_of(network_between(RED, GREEN, logits=(1, 0)), vividness=1.0) == pytest.approx(expected, abs=1e-2)

    def test_annealing_can_be_that_of_the_released_code(self) -> None:
        model = network_between(RED, GREEN, logits=(1, 0), annealing=1.0)
        assert color_of(model, vividness=1.0) == color_of(model)

    def test_an_annealing_that_dulls_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"annealing must be at least 1, got 0.5"):
            Eccv16Config(annealing=0.5)

    def test_is_as_large_as_the_photo(self) -> None:
        output = Eccv16Model(Eccv16Config(width=4)).eval()(torch.rand(1, 1, 30, 41))
        assert output.chroma.shape == (1, 2, 30, 41)
        assert output.logits.shape == (1, 313, 8, 11)

    def test_its_colours_are_not_learned(self) -> None:
        model = Eccv16Model(Eccv16Config(width=4)).train()
        model(torch.rand(2, 1, 16, 16), labels=torch.zeros(2, 2, 16, 16)).loss.backward()
        assert model.bin_centers.grad is None
        torch.testing.assert_close(110 * model.bin_centers, bin_centers())

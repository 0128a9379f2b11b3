"""What every registered network promises; a new network joins by an entry in TINY."""

from typing import Any

import numpy as np
import pytest
import torch

from colorizer_hf.models.auto import ARCHITECTURES
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.hint_batch import HintBatch

TINY: dict[str, Any] = {
    "chromaformer": {
        "hidden_size": 16,
        "num_layers": 1,
        "num_heads": 2,
        "decoder_channels": (12, 8),
        "decoder_depths": (1, 1),
    },
}


def hint_batch(batch: int, count: int) -> HintBatch:
    generator = torch.Generator().manual_seed(1)
    return HintBatch(
        points=torch.rand(batch, count, 2, generator=generator) * 2 - 1,
        chroma=torch.rand(batch, count, 2, generator=generator) - 0.5,
        radius=torch.full((batch, count), 0.01),
        mask=torch.ones(batch, count, dtype=torch.bool),
    )


def photos(batch: int, height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(batch, 1, height, width, generator=torch.Generator().manual_seed(2))


def test_every_registered_network_is_tested() -> None:
    assert set(TINY) == set(ARCHITECTURES)


@pytest.fixture(params=sorted(ARCHITECTURES))
def model(request: pytest.FixtureRequest) -> ColorizerModel:
    torch.manual_seed(0)
    architecture = ARCHITECTURES[request.param]
    return architecture.model(architecture.config(**TINY[request.param])).eval()


@pytest.mark.usefixtures("model")
class TestContract:
    def test_forward_is_decode_of_encode(self, model: ColorizerModel) -> None:
        hints = hint_batch(2, 3)
        expected = model.decode(model.encode(photos(2)), hints)
        assert torch.equal(model(photos(2), hints=hints).chroma, expected.chroma)

    def test_chroma_has_two_channels_of_the_photos_proportions(self, model: ColorizerModel) -> None:
        chroma = model(photos(2)).chroma
        assert chroma.shape[:2] == (2, 2)
        assert chroma.shape[2] * 96 == chroma.shape[3] * 64

    @pytest.mark.parametrize("size", [(1, 1), (33, 70), (250, 17)], ids=str)
    def test_takes_any_input_size(self, model: ColorizerModel, size: tuple[int, int]) -> None:
        chroma = model(photos(1, *size), hints=hint_batch(1, 2)).chroma
        assert chroma.isfinite().all()
        ratio = size[0] / chroma.shape[2]
        assert (-(-size[0] // round(ratio)), -(-size[1] // round(ratio))) == tuple(chroma.shape[2:]) or min(size) < 4

    def test_no_hints_are_the_same_as_an_empty_batch(self, model: ColorizerModel) -> None:
        automatic = model(photos(2)).chroma
        assert torch.equal(model(photos(2), hints=HintBatch.empty(2)).chroma, automatic)

    def test_padding_of_hints_changes_nothing(self, model: ColorizerModel) -> None:
        hints = hint_batch(2, 3)
        padded = HintBatch.cat([HintBatch.cat([hints]), hint_batch(1, 7)])
        expected = model(photos(2), hints=hints).chroma
        got = model(torch.cat([photos(2), photos(1)]), hints=padded).chroma[:2]
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)

    def test_a_batch_gives_what_single_photos_give(self, model: ColorizerModel) -> None:
        together = model(photos(3)).chroma
        alone = torch.cat([model(photos(3)[i : i + 1]).chroma for i in range(3)])
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)

    def test_same_input_same_output(self, model: ColorizerModel) -> None:
        assert torch.equal(model(photos(1)).chroma, model(photos(1)).chroma)

    def test_labels_give_a_loss_that_reaches_every_parameter(self, model: ColorizerModel) -> None:
        model.train()
        output = model(photos(2), hints=hint_batch(2, 3), labels=torch.rand(2, 2, 64, 96) - 0.5)
        output.loss.backward()
        unreached = [name for name, parameter in model.named_parameters() if parameter.grad is None]
        assert not unreached

    def test_save_and_load_is_bit_exact(self, model: ColorizerModel, tmp_path) -> None:
        model.save_pretrained(tmp_path)
        loaded = type(model).from_pretrained(tmp_path)
        state = model.state_dict()
        assert set(loaded.state_dict()) == set(state)
        assert all(torch.equal(value, state[key]) for key, value in loaded.state_dict().items())
        assert torch.equal(
            loaded(photos(1), hints=hint_batch(1, 2)).chroma, model(photos(1), hints=hint_batch(1, 2)).chroma
        )

    def test_states_its_modality_and_sizes(self, model: ColorizerModel) -> None:
        assert model.config.modality in ("gray", "nir", "any")
        assert model.config.working_size % model.config.size_multiple == 0

    def test_vividness_changes_no_shapes(self, model: ColorizerModel) -> None:
        features = model.encode(photos(1))
        vivid = model.decode(features, vividness=1.0).chroma
        assert vivid.shape == model.decode(features).chroma.shape
        assert np.isfinite(vivid.detach().numpy()).all()

"""What every registered network promises; a new network joins by an entry in TINY, named after it."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import ARCHITECTURES, load_model
from colorizer_hf.models.base import ColorizerModel
from colorizer_hf.models.box_batch import BoxBatch
from colorizer_hf.models.hint_batch import HintBatch
from tests.tiny_networks import (
    TINY_CHROMAFORMER,
    TINY_COCOLOR,
    TINY_COLORMAMBA,
    TINY_INSTANCE_FUSION,
    TINY_RESNET,
)

TINY: dict[str, Any] = {
    "chromaformer": TINY_CHROMAFORMER,
    "chromaformer for near-infrared": TINY_CHROMAFORMER | {"modality": "nir", "predicts_luminance": True},
    "cocolor": TINY_COCOLOR,
    "unet": {"width": 4, "depth": 3},
    "unet for near-infrared": {"width": 8, "depth": 2, "modality": "nir", "predicts_luminance": True},
    "pix2pix_unet": {"width": 4, "depth": 5, "dropout": 0.2},
    "colormamba": TINY_COLORMAMBA,
    "colormamba without scans": TINY_COLORMAMBA | {"mixer": "convolution", "learned_frame": True},
    "dynamic_unet": {"backbone_config": TINY_RESNET, "decoder_width": 0.5},
    "eccv16": {"width": 4},
    "instance_fusion": TINY_INSTANCE_FUSION,
    "siggraph17": {"width": 8},
    "siggraph17 with global hints": {"width": 4, "global_hints": True, "class_head": False},
}


def hint_batch(batch: int, count: int) -> HintBatch:
    generator = torch.Generator().manual_seed(1)
    return HintBatch(
        points=torch.rand(batch, count, 2, generator=generator) * 2 - 1,
        chroma=torch.rand(batch, count, 2, generator=generator) - 0.5,
        radius=torch.full((batch, count), 0.01),
        mask=torch.ones(batch, count, dtype=torch.bool),
    )


def box_batch(batch: int) -> BoxBatch:
    """Two boxes that overlap on each photograph but the first, which has none."""
    mask = torch.ones(batch, 2, dtype=torch.bool)
    mask[0] = False
    corners = torch.tensor([[0.1, 0.2, 0.6, 0.9], [0.4, 0.3, 0.95, 0.7]]).expand(batch, -1, -1)
    return BoxBatch(corners, mask)


def boxes_for(model: ColorizerModel, batch: int) -> BoxBatch | None:
    """Boxes, if the network takes any."""
    return box_batch(batch) if model.supports_boxes else None


def hints_for(model: ColorizerModel, batch: int, count: int) -> HintBatch | None:
    """Hints, if the network takes any."""
    return hint_batch(batch, count) if model.supports_hints else None


def labels_for(model: ColorizerModel, seen: torch.Tensor) -> torch.Tensor:
    """Colours that follow from what is seen, with the luminance in front if the network predicts it."""
    luminance = [1 - seen] if model(seen).luminance is not None else []
    return torch.cat([*luminance, seen - 0.5, 0.3 - 0.6 * seen], dim=1)


def photos(batch: int, height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(batch, 1, height, width, generator=torch.Generator().manual_seed(2))


def test_every_registered_network_is_tested() -> None:
    assert {name.split()[0] for name in TINY} == set(ARCHITECTURES)


@pytest.fixture(params=sorted(TINY))
def model(request: pytest.FixtureRequest) -> ColorizerModel:
    torch.manual_seed(0)
    architecture = ARCHITECTURES[request.param.split()[0]]
    return architecture.model(architecture.config(**TINY[request.param])).eval()


@pytest.mark.usefixtures("model")
class TestContract:
    def test_forward_is_decode_of_encode(self, model: ColorizerModel) -> None:
        hints = hints_for(model, 2, 3)
        expected = model.decode(model.encode(photos(2)), hints)
        assert torch.equal(model(photos(2), hints=hints).chroma, expected.chroma)

    def test_chroma_has_two_channels_of_the_photos_proportions(self, model: ColorizerModel) -> None:
        chroma = model(photos(2)).chroma
        assert chroma.shape[:2] == (2, 2)
        assert chroma.shape[2] * 96 == chroma.shape[3] * 64

    @pytest.mark.parametrize("size", [(1, 1), (33, 70), (250, 17), (333, 257)], ids=str)
    def test_takes_any_input_size(self, model: ColorizerModel, size: tuple[int, int]) -> None:
        chroma = model(photos(1, *size), hints=hints_for(model, 1, 2)).chroma
        assert chroma.isfinite().all()
        ratio = size[0] / chroma.shape[2]
        assert (-(-size[0] // round(ratio)), -(-size[1] // round(ratio))) == tuple(chroma.shape[2:]) or min(size) < 4

    def test_near_infrared_frames_are_seen_at_their_own_contrast_or_at_one_that_is_given(
        self, model: ColorizerModel
    ) -> None:
        if model.config.modality != "nir":
            pytest.skip("it is for gray photographs")
        frames = 0.1 + 0.5 * photos(2)
        frames[..., :4, :48], frames[..., :4, 48:] = 0.1, 0.6
        (own, given, wider) = (
            model.decode(model.encode(frames, *contrast)).luminance
            for contrast in ([], [torch.tensor([0.1, 0.6])], [torch.tensor([0.0, 1.0])])
        )
        assert own is not None
        assert wider is not None
        torch.testing.assert_close(own, given, atol=1e-3, rtol=0)
        assert (own - wider).abs().mean() > 1e-3

    def test_no_hints_are_the_same_as_an_empty_batch(self, model: ColorizerModel) -> None:
        automatic = model(photos(2)).chroma
        assert torch.equal(model(photos(2), hints=HintBatch.empty(2)).chroma, automatic)

    def test_networks_without_hints_refuse_them(self, model: ColorizerModel) -> None:
        if model.supports_hints:
            assert not torch.equal(model(photos(1), hints=hint_batch(1, 2)).chroma, model(photos(1)).chroma)
        else:
            with pytest.raises(ValueError, match="takes no hints"):
                model(photos(1), hints=hint_batch(1, 2))

    def test_boxes_are_used_or_refused(self, model: ColorizerModel) -> None:
        if model.supports_boxes:
            assert not torch.equal(model(photos(2), boxes=box_batch(2)).chroma, model(photos(2)).chroma)
        else:
            with pytest.raises(ValueError, match="takes no boxes"):
                model(photos(2), boxes=box_batch(2))

    def test_no_boxes_and_an_empty_batch_are_the_same(self, model: ColorizerModel) -> None:
        if not model.supports_boxes:
            pytest.skip("takes no boxes")
        assert torch.equal(model(photos(2), boxes=BoxBatch.empty(2)).chroma, model(photos(2)).chroma)

    def test_padding_of_hints_changes_nothing(self, model: ColorizerModel) -> None:
        if not model.supports_hints:
            pytest.skip("takes no hints")
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
        known: Any = {"hints": hints_for(model, 2, 3), "boxes": boxes_for(model, 2)}
        output = model(photos(2), labels=labels_for(model, photos(2)), **known)
        output.loss.backward()
        learning = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        unreached = [name for name, parameter in learning.items() if parameter.grad is None]
        assert not unreached

    def test_save_and_load_is_bit_exact(self, model: ColorizerModel, tmp_path) -> None:
        model.save_pretrained(tmp_path)
        loaded = type(model).from_pretrained(tmp_path)
        state = model.state_dict()
        assert set(loaded.state_dict()) == set(state)
        assert all(torch.equal(value, state[key]) for key, value in loaded.state_dict().items())
        # Loaded weights may lie anywhere in a file's memory, which can change the order of sums; copies are aligned.
        copies = (deepcopy(loaded), deepcopy(model))
        one, other = (each(photos(1), hints=hints_for(model, 1, 2)).chroma for each in copies)
        assert torch.equal(one, other)

    def test_weights_that_do_not_fit_are_refused(self, model: ColorizerModel, tmp_path) -> None:
        model.save_pretrained(tmp_path, state_dict=dict(list(model.state_dict().items())[1:]))
        with pytest.raises(CheckpointError, match="missing"):
            load_model(tmp_path)

    def test_learns_four_photos_by_heart(self, model: ColorizerModel) -> None:
        luminance = photos(4, 64, 64)
        labels = labels_for(model, luminance)
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        model.train()
        losses = []
        for _ in range(120):
            loss = model(luminance, labels=labels).loss
            losses.append(loss.item())
            if losses[-1] < 0.5 * losses[0]:
                return
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        pytest.fail(f"the loss is still {losses[-1]:.3f} of {losses[0]:.3f} after {len(losses)} steps")

    def test_a_seed_decides_the_weights(self, model: ColorizerModel) -> None:
        torch.manual_seed(0)
        again = type(model)(model.config).state_dict()
        assert all(torch.equal(value, again[key]) for key, value in model.state_dict().items())

    def test_labels_of_another_kind_are_refused(self, model: ColorizerModel) -> None:
        with pytest.raises(ValueError, match="labels must have shape"):
            model(photos(1), labels=torch.cat([labels_for(model, photos(1)), photos(1)], dim=1))

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
    def test_half_precision_rounds_weights_and_nothing_else(self, model: ColorizerModel, dtype: torch.dtype) -> None:
        half = deepcopy(model).to(dtype)
        rounded = deepcopy(half).float()
        hints = hints_for(model, 2, 3)
        palette = torch.tensor([[[0.3, 0.2, 0.5]]]).expand(2, -1, -1) if model.supports_palette else None
        options = {"vividness": 0.8, "palette": palette}
        got, expected = (network(photos(2), hints=hints, **options) for network in (half, rounded))
        assert {tensor.dtype for tensor in half.parameters()} == {dtype}
        for name, value in expected.items():
            assert got[name].dtype == torch.float32
            torch.testing.assert_close(got[name], value, atol=1e-6, rtol=1e-5)

    def test_half_precision_is_not_for_training(self, model: ColorizerModel) -> None:
        with pytest.raises(ValueError, match="weights in bfloat16 are to be used, not to be trained; call eval"):
            model.to(torch.bfloat16).train()(photos(2))

    @pytest.mark.parametrize("dtype", ["bfloat16", torch.float16], ids=str)
    def test_loads_in_half_precision(self, model: ColorizerModel, dtype: Any, tmp_path: Path) -> None:
        model.save_pretrained(tmp_path)
        for loaded in (type(model).from_pretrained(tmp_path, dtype=dtype), load_model(tmp_path, dtype=dtype)):
            assert str(loaded.dtype).endswith(str(dtype))
            assert loaded(photos(1)).chroma.isfinite().all()

    def test_states_its_modality_and_sizes(self, model: ColorizerModel) -> None:
        assert model.config.modality in ("gray", "nir", "any")
        assert model.config.working_size % model.config.size_multiple == 0

    def test_vividness_changes_no_shapes(self, model: ColorizerModel) -> None:
        features = model.encode(photos(1))
        vivid = model.decode(features, vividness=1.0).chroma
        assert vivid.shape == model.decode(features).chroma.shape
        assert np.isfinite(vivid.detach().numpy()).all()

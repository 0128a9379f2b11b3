"""Photographs made to look old."""

import pytest
import torch
from torch import Tensor

from train.parts import degradation
from train.parts.degradation import Degradation, DegradationConfig


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.fixture(scope="module")
def ramps() -> Tensor:
    """Eight crops (8, 1, 40, 56): ramps from black to white."""
    return torch.linspace(0, 1, 56).expand(8, 1, 40, 56).contiguous()


@pytest.mark.parametrize("strength", [0.1, 0.6, 1.0])
def test_keeps_shape_and_range_and_changes_every_chosen_crop(ramps: Tensor, strength: float) -> None:
    old = Degradation(DegradationConfig(share=1, strength=strength))(ramps, seeded())
    assert old.shape == ramps.shape
    assert old.isfinite().all()
    assert old.min() >= 0
    assert old.max() <= 1
    assert ((old - ramps).abs().amax(dim=(1, 2, 3)) > 0).all()


def test_the_generator_decides_everything_and_others_are_left_alone(ramps: Tensor) -> None:
    degrade = Degradation(DegradationConfig(share=1))
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (degrade(ramps, seeded(number)) for number in (1, 1, 2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert not torch.equal(first, other)
    torch.testing.assert_close(torch.random.get_rng_state(), before)


def test_about_the_share_is_degraded_and_the_rest_is_as_it_was(ramps: Tensor) -> None:
    many = ramps.repeat(25, 1, 1, 1)
    original = many.clone()
    old = Degradation(DegradationConfig(share=0.3))(many, seeded())
    changed = (old != many).flatten(1).any(dim=1)
    assert 0.2 < changed.float().mean() < 0.4
    torch.testing.assert_close(many, original, rtol=0, atol=0)


def test_weakly_coloured_crops_can_have_a_share_of_their_own(ramps: Tensor) -> None:
    weak = torch.tensor([True, False] * 4)
    old = Degradation(DegradationConfig(share=1, weak_share=0))(ramps, seeded(), weak)
    assert torch.equal((old != ramps).flatten(1).any(dim=1), ~weak)


@pytest.mark.parametrize("config", [DegradationConfig(share=0), DegradationConfig(share=1, strength=0)])
def test_nothing_happens_without_share_or_strength(ramps: Tensor, config: DegradationConfig) -> None:
    torch.testing.assert_close(Degradation(config)(ramps, seeded()), ramps, rtol=0, atol=0)


def test_more_strength_takes_more_away(ramps: Tensor) -> None:
    many = ramps.repeat(8, 1, 1, 1)
    weak, strong = (Degradation(DegradationConfig(share=1, strength=s))(many, seeded()) for s in (0.2, 1.0))
    assert (strong - many).abs().mean() > 2 * (weak - many).abs().mean()


def test_jpeg_of_high_quality_is_nearly_the_picture(ramps: Tensor) -> None:
    blocks = degradation.compress(ramps, 0.0)
    assert (blocks - ramps).abs().max() < 0.05
    assert blocks.shape == ramps.shape


def test_fading_keeps_the_order_of_tones(ramps: Tensor) -> None:
    torch.manual_seed(0)
    faded = degradation.fade(ramps, 1.0)
    assert (faded.diff(dim=3) >= 0).all()

"""Infrared made up from colour photographs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kornia.color import rgb_to_grayscale
from torch import Tensor

from train.parts.pseudo_nir import (
    LANDSCAPE,
    PEOPLE,
    PseudoNirConfig,
    expose_anew,
    lift_dyes,
    make_pseudo_nir,
    mix,
    stretch,
)

LEAF, SKY, CLOUD = (0.25, 0.4, 0.1), (0.35, 0.55, 0.85), (0.9, 0.9, 0.9)
PLAIN = PseudoNirConfig(gray_share=0, people_share=0, jitter=0, strength=0)


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def flat(colour: tuple[float, float, float], height: int = 8, width: int = 8) -> Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, height, width)


@pytest.fixture(scope="module")
def scenes() -> Tensor:
    """Eight landscapes (8, 3, 40, 56): the sky, a cloud in it, leaves below; with some texture."""
    scene = torch.cat([flat(SKY, 20, 56), flat(LEAF, 20, 56)], dim=2)
    scene[..., 4:12, 10:30] = flat(CLOUD, 8, 20)
    return (scene + 0.1 * torch.rand(8, 1, 40, 56, generator=seeded()) - 0.05).clamp(0, 1)


class TestEveryDraw:
    @given(
        seed=st.integers(0, 2**31),
        gray=st.floats(0, 1),
        people=st.floats(0, 1),
        jitter=st.floats(0, 1),
        strength=st.floats(0, 1),
        size=st.tuples(st.integers(6, 40), st.integers(6, 40)),
    )
    def test_gives_one_channel_of_the_same_size_in_range(self, seed, gray, people, jitter, strength, size) -> None:
        rgb = torch.rand(3, 3, *size, generator=seeded(seed))
        nir = make_pseudo_nir(rgb, PseudoNirConfig(gray, people, jitter, strength), seeded(seed))
        assert nir.shape == (3, 1, *size)
        assert nir.isfinite().all()
        assert nir.min() >= 0
        assert nir.max() <= 1

    def test_is_decided_by_the_generator_alone_and_leaves_others_as_they_were(self, scenes: Tensor) -> None:
        before = torch.random.get_rng_state()
        first, again, other = (make_pseudo_nir(scenes, PseudoNirConfig(), seeded(number)) for number in (1, 1, 2))
        torch.testing.assert_close(first, again, rtol=0, atol=0)
        assert not torch.equal(first, other)
        torch.testing.assert_close(torch.random.get_rng_state(), before)

    def test_differs_from_picture_to_picture_and_changes_no_photo(self, scenes: Tensor) -> None:
        same = scenes[:1].repeat(8, 1, 1, 1)
        original = same.clone()
        nir = make_pseudo_nir(same, PseudoNirConfig(gray_share=0), seeded())
        assert len({round(picture.mean().item(), 5) for picture in nir}) == 8
        torch.testing.assert_close(same, original, rtol=0, atol=0)

    @pytest.mark.parametrize("colour", [(0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)])
    def test_copes_with_pictures_of_one_colour(self, colour) -> None:
        assert make_pseudo_nir(flat(colour), PseudoNirConfig(), seeded()).isfinite().all()


class TestLandscapes:
    def test_leaves_are_bright_and_the_sky_is_dark_though_its_luma_is_higher(self) -> None:
        leaf, sky, cloud = (mix(flat(colour), torch.tensor(LANDSCAPE)).mean() for colour in (LEAF, SKY, CLOUD))
        assert leaf > 0.8
        assert sky < 0.2
        assert sky < cloud < leaf
        assert rgb_to_grayscale(flat(SKY)).mean() > rgb_to_grayscale(flat(LEAF)).mean()

    def test_so_they_are_after_all_that_follows(self, scenes: Tensor) -> None:
        nir = make_pseudo_nir(scenes, PseudoNirConfig(gray_share=0, people_share=0, strength=1), seeded())
        assert (nir[..., 22:, :].mean(dim=(1, 2, 3)) > nir[..., :20, 32:].mean(dim=(1, 2, 3)) + 0.2).all()

    def test_more_strength_takes_more_away(self, scenes: Tensor) -> None:
        clean, weak, strong = (
            make_pseudo_nir(scenes, PseudoNirConfig(0, 0, 0, strength), seeded()) for strength in (0, 0.2, 1)
        )
        assert (strong - clean).abs().mean() > 1.5 * (weak - clean).abs().mean() > 0


class TestPeople:
    def test_red_counts_most(self) -> None:
        red, green, blue = (mix(flat(c), torch.tensor(PEOPLE)).mean() for c in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
        assert red > 0.5 > green > blue

    def test_dyes_lose_their_darkness_and_gray_keeps_its_own(self) -> None:
        navy, gray = flat((0.0, 0.0, 0.3)), flat((0.2, 0.2, 0.2))
        dark = torch.full((1, 1, 8, 8), 0.1)
        lifted, kept = (lift_dyes(dark, colour, torch.full((1, 1, 1, 1), 0.8)) for colour in (navy, gray))
        torch.testing.assert_close(lifted, torch.full_like(dark, 0.1 + 0.8 * 0.6))
        torch.testing.assert_close(kept, dark)


class TestShares:
    def test_about_the_gray_share_is_the_plain_luma(self, scenes: Tensor) -> None:
        many = scenes.repeat(25, 1, 1, 1)
        nir = make_pseudo_nir(many, PseudoNirConfig(gray_share=0.3), seeded())
        is_luma = (nir == rgb_to_grayscale(many)).flatten(1).all(dim=1)
        assert 0.2 < is_luma.float().mean() < 0.4

    def test_about_the_people_share_has_a_sky_that_is_brighter_than_leaves(self, scenes: Tensor) -> None:
        many = scenes.repeat(25, 1, 1, 1)
        nir = make_pseudo_nir(many, PseudoNirConfig(gray_share=0, people_share=0.3, strength=0), seeded())
        bright_sky = nir[..., :4, :].mean(dim=(1, 2, 3)) > nir[..., 22:, :].mean(dim=(1, 2, 3))
        assert 0.15 < bright_sky.float().mean() < 0.45


class TestStretch:
    def test_spreads_over_the_whole_range(self) -> None:
        ramp = torch.linspace(0.3, 0.6, 64).view(1, 1, 8, 8)
        torch.testing.assert_close(stretch(ramp, torch.zeros(1, 1, 1, 1)), torch.linspace(0, 1, 64).view(1, 1, 8, 8))

    def test_leaves_out_the_outermost_pixels_where_it_is_told_to(self) -> None:
        ramp = torch.linspace(0.3, 0.6, 1001).view(1, 1, 7, 143)
        ramp[..., 0, 0] = 0  # a dead pixel
        whole, clipped = stretch(ramp.repeat(2, 1, 1, 1), torch.tensor([0.0, 0.005]).view(2, 1, 1, 1))
        assert whole[0, 0, 1] > 0.4
        assert clipped[0, 0, 1] == 0

    def test_does_not_blow_up_what_is_nearly_flat(self) -> None:
        nearly = 0.5 + 0.001 * torch.rand(1, 1, 8, 8, generator=seeded())
        assert stretch(nearly, torch.zeros(1, 1, 1, 1)).max() < 0.05


class TestAnotherCamera:
    @pytest.fixture
    def ramp(self) -> Tensor:
        return torch.linspace(0, 1, 1600).view(1, 1, 40, 40).repeat(8, 1, 1, 1)

    def test_of_strength_0_is_the_same_and_draws_nothing(self, ramp: Tensor) -> None:
        generator = seeded()
        before = generator.get_state()
        torch.testing.assert_close(expose_anew(ramp, 0, generator), ramp, rtol=0, atol=0)
        torch.testing.assert_close(generator.get_state(), before)

    def test_has_other_tones_for_every_frame_and_keeps_what_is_brighter_brighter(self, ramp: Tensor) -> None:
        frames = expose_anew(ramp, 0.5, seeded())
        assert len({round(frame.mean().item(), 4) for frame in frames}) == 8
        assert frames.amin() >= 0
        assert frames.amax() <= 1
        bands = frames.view(8, 4, 400).mean(dim=2)  # of ten rows, from dark to bright
        assert (bands.diff(dim=1) > 0.05).all()

    def test_is_decided_by_the_generator_alone(self, ramp: Tensor) -> None:
        first, again, other = (expose_anew(ramp, 0.5, seeded(number)) for number in (1, 1, 2))
        torch.testing.assert_close(first, again, rtol=0, atol=0)
        assert not torch.equal(first, other)

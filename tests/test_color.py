import numpy as np
import pytest
import skimage.color
import skimage.data
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from colorizer_hf.color import (
    codes_to_srgb,
    fit_gamut,
    for_each_band,
    lab_to_rgb,
    lightness_table,
    luminance_codes,
    rgb_to_lab,
)

PHOTO = skimage.data.astronaut()  # (512, 512, 3) uint8
BOTH_DEPTHS = pytest.mark.parametrize("dtype", [np.uint8, np.uint16])

seeds = st.integers(0, 2**32 - 1)


def as_batch(rgb: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 or uint16 -> (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(rgb / np.float32(np.iinfo(rgb.dtype).max)).permute(2, 0, 1)[None]


def lightness_of(rgb: np.ndarray) -> np.ndarray:
    return rgb_to_lab(as_batch(rgb))[0][0, 0].numpy()


def any_chroma(seed: int, *shape: int) -> np.ndarray:
    """Chroma within sRGB, at its limits, and far beyond them."""
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (2, *shape)).astype(np.float32)


def hue(chroma: Tensor) -> Tensor:
    return torch.atan2(chroma[:, 1], chroma[:, 0]).rad2deg()


class TestLab:
    def test_agrees_with_scikit_image(self):
        luminance, chroma = rgb_to_lab(as_batch(PHOTO))
        lab = torch.cat([luminance * 100, chroma * 110], dim=1)[0].permute(1, 2, 0).numpy()
        assert np.abs(lab - skimage.color.rgb2lab(PHOTO)).max() < 1e-3

    def test_back_agrees_with_scikit_image(self):
        lab = skimage.color.rgb2lab(PHOTO).astype(np.float32)
        batch = torch.from_numpy(lab).permute(2, 0, 1)[None]
        rgb = lab_to_rgb(batch[:, :1] / 100, batch[:, 1:] / 110)[0].permute(1, 2, 0).numpy()
        assert np.abs(rgb - skimage.color.lab2rgb(lab)).max() < 1e-3

    def test_there_and_back_is_the_identity_for_8_bit_colours(self):
        steps = np.r_[0:256:5, 1, 2, 253, 254].astype(np.uint8)  # the ends of the range and a net between them
        colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
        rgb = lab_to_rgb(*rgb_to_lab(as_batch(colours)))
        assert np.array_equal(rgb.mul(255).round().byte()[0].permute(1, 2, 0).numpy(), colours)

    def test_computes_in_float32_whatever_comes_in(self):
        rgb = as_batch(PHOTO[:8, :8])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            luminance, chroma = rgb_to_lab(rgb)
            back = lab_to_rgb(luminance, chroma)
        assert luminance.dtype == chroma.dtype == back.dtype == torch.float32
        assert (back - rgb).abs().max() < 1e-4

    def test_gradients_reach_the_chroma_even_outside_the_gamut(self):
        chroma = torch.tensor([0.1, 0.9]).view(1, 2, 1, 1).requires_grad_()
        lab_to_rgb(torch.full((1, 1, 1, 1), 0.5), chroma).sum().backward()
        assert chroma.grad is not None
        assert chroma.grad.isfinite().all()
        assert chroma.grad.abs().min() > 0


class TestGamut:
    def test_leaves_the_colours_of_srgb_bit_for_bit(self):
        luminance, chroma = rgb_to_lab(as_batch(PHOTO))
        assert torch.equal(fit_gamut(luminance, chroma), chroma)

    @given(seeds)
    def test_luminance_stays_and_hue_stays_for_any_chroma(self, seed):
        luminance = torch.rand(1, 1, 1, 500, generator=torch.Generator().manual_seed(seed))
        chroma = torch.from_numpy(any_chroma(seed, 1, 500))[None]
        shown_luminance, shown_chroma = rgb_to_lab(lab_to_rgb(luminance, chroma))
        assert (shown_luminance - luminance).abs().max() < 0.002
        colourful = shown_chroma.norm(dim=1) > 0.05
        turned = (hue(shown_chroma) - hue(chroma) + 180) % 360 - 180
        assert turned[colourful].abs().max() < 1.5

    @given(seeds)
    def test_takes_no_more_chroma_than_it_must(self, seed):
        luminance = torch.rand(1, 1, 1, 500, generator=torch.Generator().manual_seed(seed)) * 0.9 + 0.05
        fitted = fit_gamut(luminance, torch.from_numpy(any_chroma(seed, 1, 500))[None])
        shrunk = (fitted.norm(dim=1) < torch.from_numpy(any_chroma(seed, 1, 500))[None].norm(dim=1))[:, None]
        more = fit_gamut(luminance, fitted * 1.01).norm(dim=1, keepdim=True)
        assert (more < fitted.norm(dim=1, keepdim=True) * 1.01)[shrunk].all()

    def test_black_and_white_have_no_chroma(self):
        fitted = fit_gamut(torch.tensor([0.0, 1.0]).view(1, 1, 1, 2), torch.full((1, 2, 1, 2), 0.5))
        assert fitted.abs().max() < 0.01


class TestLuminanceCodes:
    @BOTH_DEPTHS
    def test_gray_pixels_keep_their_value(self, dtype):
        codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(16, -1)
        assert np.array_equal(luminance_codes(codes[..., None].repeat(3, axis=2)), codes)

    @BOTH_DEPTHS
    def test_a_code_is_the_gray_of_equal_luminance(self, dtype):
        top = np.iinfo(dtype).max
        rgb = np.random.default_rng(0).integers(0, top, (100, 100, 3), dtype=dtype, endpoint=True)
        linear = np.where(rgb / top > 0.04045, ((rgb / top + 0.055) / 1.055) ** 2.4, rgb / top / 12.92)
        y = linear @ [0.2126, 0.7152, 0.0722]
        exact = np.where(y > 0.0031308, 1.055 * y ** (1 / 2.4) - 0.055, 12.92 * y) * top
        assert luminance_codes(rgb).dtype == dtype
        assert np.abs(luminance_codes(rgb) - exact).max() < 0.7

    def test_takes_views_and_empty_photos(self):
        assert np.array_equal(luminance_codes(PHOTO[::-1, ::2]), luminance_codes(PHOTO)[::-1, ::2])
        assert luminance_codes(PHOTO[:0]).shape == (0, 512)

    @BOTH_DEPTHS
    def test_the_lightness_table_is_cielab(self, dtype):
        codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
        table = lightness_table(dtype)
        assert (table.shape, table.dtype) == (codes.shape, np.float32)
        assert np.abs(table - lightness_of(codes[None, :, None].repeat(3, axis=2))[0]).max() < 1e-5


class TestCodesToSrgb:
    @BOTH_DEPTHS
    def test_zero_chroma_gives_the_codes_themselves(self, dtype):
        codes = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(16, -1)
        rgb = codes_to_srgb(codes, np.zeros((2, *codes.shape), np.float32))
        assert np.array_equal(rgb, codes[..., None].repeat(3, axis=2))

    @BOTH_DEPTHS
    @given(seed=seeds)
    def test_luminance_stays_for_any_chroma(self, dtype, seed):
        codes = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (20, 50), dtype=dtype, endpoint=True)
        rgb = codes_to_srgb(codes, any_chroma(seed, 20, 50))
        assert np.abs(lightness_of(rgb) - lightness_table(dtype)[codes]).max() < (0.005 if dtype == np.uint8 else 0.002)

    def test_8_bit_colours_are_close_to_the_exact_ones(self):
        _, chroma = rgb_to_lab(as_batch(PHOTO))
        rgb = codes_to_srgb(luminance_codes(PHOTO), chroma[0].numpy())
        error = skimage.color.deltaE_ciede2000(skimage.color.rgb2lab(PHOTO), skimage.color.rgb2lab(rgb))
        assert error.mean() < 0.6
        assert np.abs(rgb.mean(axis=(0, 1)) - PHOTO.mean(axis=(0, 1))).max() < 0.1  # no tint

    def test_16_bit_colours_are_exact(self):
        photo = PHOTO[:64].astype(np.uint16) * 257
        _, chroma = rgb_to_lab(as_batch(photo))
        rgb = codes_to_srgb(luminance_codes(photo), chroma[0].numpy())
        assert np.abs(rgb.astype(int) - photo).max() < 65535 / 2000

    def test_a_slow_gradient_of_chroma_shows_no_steps(self):
        chroma = np.stack([np.full((64, 1024), -0.05), np.tile(np.linspace(-0.4, -0.2, 1024), (64, 1))])
        rgb = codes_to_srgb(np.full((64, 1024), 150, np.uint8), chroma.astype(np.float32))
        blue = rgb[..., 2].reshape(64, 128, 8).mean(axis=(0, 2))  # what the eye sees of 8 columns
        assert np.abs(np.diff(blue)).max() < 1.5

    @given(top=st.integers(0, 60))
    def test_bands_join_without_seams(self, top):
        codes, chroma = luminance_codes(PHOTO[:64]), any_chroma(0, 64, 512)
        whole = codes_to_srgb(codes, chroma)
        out = np.empty((64 - top, 512, 3), np.uint8)
        assert codes_to_srgb(codes[top:], chroma[:, top:], top=top, out=out) is out
        assert np.array_equal(out, whole[top:])


class TestForEachBand:
    @pytest.mark.parametrize(("height", "width"), [(1000, 300), (3, 200_000), (0, 10), (10, 0)])
    def test_covers_every_row_once(self, height, width):
        seen = np.zeros(height, int)

        def count(rows: slice) -> None:
            seen[rows] += 1

        for_each_band(count, height, width)
        assert (seen == 1).all()

    def test_an_error_in_a_band_reaches_the_caller(self):
        def fail(rows: slice) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            for_each_band(fail, 10, 10)

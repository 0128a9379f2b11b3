import tracemalloc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from colorizer_hf.chroma_upsampling import ChromaUpsampler, render, restore_luminance, upsample_chroma
from colorizer_hf.color import lab_to_rgb, lightness_table, luminance_codes, rgb_to_lab

PHOTO = skimage.data.coffee()[:, :-7]  # (400, 593, 3), no multiple of anything


def photo_lab(rgb: np.ndarray = PHOTO) -> tuple[Tensor, Tensor]:
    return rgb_to_lab(torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None] / 255)


def low_chroma(h: int = 48, w: int = 71) -> Tensor:
    return F.interpolate(photo_lab()[1], (h, w), mode="area")


def psnr(chroma: Tensor) -> float:
    luminance, truth = photo_lab()
    error = lab_to_rgb(luminance, chroma) - lab_to_rgb(luminance, truth)
    return -10 * error.square().mean().log10().item()


class TestUpsampleChroma:
    def test_is_nearer_to_the_photo_than_bicubic_interpolation(self):
        low, luminance = low_chroma(), photo_lab()[0]
        assert (
            psnr(upsample_chroma(low, luminance)) > psnr(F.interpolate(low, luminance.shape[-2:], mode="bicubic")) + 0.8
        )

    def test_an_edge_of_chroma_lies_where_the_luminance_has_its_edge(self):
        luminance = torch.full((1, 1, 128, 128), 0.3)
        luminance[..., 70:] = 0.7  # within a cell: the cells are 8 pixels wide
        truth = torch.cat([luminance - 0.5, 0.5 - luminance], dim=1)
        chroma = upsample_chroma(F.interpolate(truth, (16, 16), mode="area"), luminance)
        step = chroma[0, 0, 64].diff()
        assert step.argmax() == 69
        assert step[69] > 0.7 * 0.4

    def test_texture_that_chroma_does_not_follow_stays_out_of_it(self):
        texture = 0.5 + 0.2 * (torch.rand(1, 1, 128, 128, generator=torch.Generator().manual_seed(0)) - 0.5)
        truth = torch.stack([torch.linspace(-0.2, 0.2, 128).expand(128, 128), torch.zeros(128, 128)])[None]
        chroma = upsample_chroma(F.interpolate(truth, (32, 32), mode="area"), texture)
        assert (chroma - truth).abs()[..., 8:-8, 8:-8].max() < 0.01

    def test_keeps_the_chroma_that_came_in(self):
        low, luminance = low_chroma(), photo_lab()[0]
        kept = F.interpolate(upsample_chroma(low, luminance), low.shape[-2:], mode="area")
        assert (kept - low).square().mean().sqrt() < 0.02

    @pytest.mark.parametrize("value", [0.0, 0.37])
    def test_constant_chroma_stays_constant(self, value):
        low = torch.full((1, 2, 12, 18), value)
        assert (upsample_chroma(low, photo_lab()[0]) - value).abs().max() < 1e-5

    def test_chroma_at_the_photo_size_comes_back(self):
        luminance, chroma = photo_lab(PHOTO[:40, :60])
        assert (upsample_chroma(chroma, luminance) - chroma).abs().max() < 1e-6

    @pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (7, 5), (33, 65)], ids=str)
    @pytest.mark.parametrize("cells", [(1, 1), (3, 2), (16, 24)], ids=str)
    def test_takes_any_sizes(self, size, cells):
        chroma = upsample_chroma(torch.full((2, 2, *cells), 0.2), torch.rand(2, 1, *size))
        assert chroma.shape == (2, 2, *size)
        assert (chroma - 0.2).abs().max() < 1e-5

    def test_photos_of_a_batch_do_not_mix(self):
        luminance, low = photo_lab()[0], low_chroma()
        pair = upsample_chroma(torch.cat([low, -low]), torch.cat([luminance, 1 - luminance]))
        assert (pair[:1] - upsample_chroma(low, luminance)).abs().max() < 1e-6

    def test_computes_in_float32_under_autocast(self):
        luminance, low = photo_lab()[0], low_chroma()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            chroma = upsample_chroma(low, luminance)
        assert (chroma - upsample_chroma(low, luminance)).abs().max() < 1e-6


class TestChromaUpsampler:
    CODES = luminance_codes(PHOTO)
    UPSAMPLER = ChromaUpsampler(low_chroma()[0], CODES)

    def test_is_upsample_chroma(self):
        luminance = torch.from_numpy(lightness_table(np.uint8)[self.CODES])[None, None]
        whole = upsample_chroma(low_chroma(), luminance)[0]
        assert np.abs(self.UPSAMPLER.rows(0, len(self.CODES)) - whole.numpy()).max() < 1e-4

    @given(st.lists(st.integers(1, len(PHOTO) - 1), max_size=6, unique=True))
    def test_borders_of_bands_leave_no_trace(self, borders):
        edges = [0, *sorted(borders), len(PHOTO)]
        bands = [self.UPSAMPLER.rows(top, bottom) for top, bottom in pairwise(edges)]
        assert np.array_equal(np.concatenate(bands, axis=1), self.UPSAMPLER.rows(0, len(PHOTO)))

    @pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (7, 5), (300, 2)], ids=str)
    def test_takes_photos_smaller_than_the_chroma(self, size):
        rows = ChromaUpsampler(np.full((2, 16, 24), 0.2, np.float32), np.full(size, 90, np.uint8)).rows(0, size[0])
        assert rows.shape == (2, *size)
        assert np.abs(rows - 0.2).max() < 1e-5


class TestRender:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_gives_the_photo_its_colours_and_keeps_its_luminance(self, dtype):
        codes = luminance_codes(PHOTO).astype(dtype) * (np.iinfo(dtype).max // 255)
        pixels = render(codes, low_chroma()[0])
        assert (pixels.shape, pixels.dtype) == (PHOTO.shape, dtype)
        rgb = torch.from_numpy(pixels / np.float32(np.iinfo(dtype).max)).permute(2, 0, 1)[None]
        luminance, chroma = rgb_to_lab(rgb)
        assert np.abs(luminance[0, 0].numpy() - lightness_table(dtype)[codes]).max() < 0.01
        assert (chroma - photo_lab()[1]).abs().mean() * 110 < 2.5

    def test_keeps_alpha(self):
        codes = luminance_codes(PHOTO)
        pixels = render(codes, low_chroma()[0], alpha=255 - codes)
        assert np.array_equal(pixels[..., 3], 255 - codes)
        assert np.array_equal(pixels[..., :3], render(codes, low_chroma()[0]))

    def test_needs_little_memory_beyond_the_result(self):
        codes = np.tile(luminance_codes(PHOTO), (16, 1))  # 3.8 megapixels
        render(codes[:10], low_chroma()[0])  # tables that stay
        tracemalloc.start()
        result = render(codes, low_chroma()[0]).nbytes
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak - result < 12e6 + 3e6 * torch.get_num_threads()  # one float plane of the photo has 15e6 bytes


class TestRestoreLuminance:
    """Of near-infrared frames, whose luminance a network predicts at low resolution."""

    CODES = luminance_codes(PHOTO)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize(("negative", "share"), [(False, 0.55), (True, 0.65)], ids=["as it is", "dark for light"])
    def test_the_frames_detail_is_kept_even_where_light_and_dark_change_places(
        self, dtype: Any, negative: bool, share: float
    ) -> None:
        top = np.iinfo(dtype).max
        wanted = self.CODES.astype(dtype) * dtype(top // 255)
        low = F.interpolate(photo_lab()[0], (100, 148), mode="area")
        restored = restore_luminance(top - wanted if negative else wanted, low[0])
        assert restored.dtype == dtype
        blurred = F.interpolate(low, wanted.shape, mode="bicubic")[0, 0].numpy()
        error = np.abs(lightness_table(dtype)[restored] - photo_lab()[0][0, 0].numpy()).mean()
        assert error < share * np.abs(blurred - photo_lab()[0][0, 0].numpy()).mean()

    def test_texture_that_the_prediction_is_too_coarse_for_comes_from_the_frame(self) -> None:
        noise = np.random.default_rng(0).integers(-40, 40, (80, 112))
        frame = (128 + noise).astype(np.uint8)
        restored = restore_luminance(frame, torch.full((1, 20, 28), 0.3)).astype(float)
        assert np.corrcoef(restored.ravel(), frame.ravel())[0, 1] > 0.9
        assert restored.std() > 0.6 * frame.std()

    def test_detail_is_steeper_than_a_blurred_prediction_says(self) -> None:
        """Waves that the prediction follows at half their height come out steeper than that."""
        waves = 128 + 60 * np.sin(np.arange(256) * (2 * np.pi / 8))
        frame = np.tile(waves.astype(np.uint8), (192, 1))
        lightness = torch.from_numpy(lightness_table(np.uint8)[frame])
        flat = 0.5 + 0.5 * (F.interpolate(lightness[None, None], (48, 64), mode="area") - 0.5)
        restored = lightness_table(np.uint8)[restore_luminance(frame, flat[0])]
        assert restored.std() > 0.53 * lightness.numpy().std()

    def test_clouds_that_the_frame_knows_nothing_of_are_halved(self) -> None:
        clouds = 0.5 + 0.1 * torch.sin(torch.arange(64) * (2 * torch.pi / 4)).expand(1, 48, 64)
        sky = np.full((192, 256), 90, np.uint8)
        restored = lightness_table(np.uint8)[restore_luminance(sky, clouds)]
        assert restored.mean() == pytest.approx(0.5, abs=0.01)
        assert 0.3 * clouds.std() < restored.std() < 0.6 * clouds.std()

    @given(st.sampled_from([0, 255]), st.floats(0, 1))
    def test_an_even_frame_takes_the_predicted_luminance(self, code: int, lightness: float) -> None:
        frame = np.full((40, 56), code, np.uint8)
        restored = restore_luminance(frame, torch.full((1, 10, 14), lightness))
        nearest = np.abs(lightness_table(np.uint8) - lightness).argmin()
        assert np.abs(restored.astype(int) - nearest).max() <= 1

    @pytest.mark.parametrize("shape", [(1, 1), (3, 200), (33, 5)], ids=str)
    def test_takes_any_size(self, shape: tuple[int, int]) -> None:
        frame = np.arange(shape[0] * shape[1], dtype=np.uint16).astype(np.uint8).reshape(shape)
        assert restore_luminance(frame, torch.rand(1, 8, 8)).shape == shape

"""Colours that a file describes by code points: AVIF, HEIC and PNG."""

import struct

import imagecodecs
import numpy as np
import pytest

from colorizer_hf.color import luminance_codes
from colorizer_hf.imaging import read
from tests.imaging.chunks import chunk, with_chunks

SDR, LINEAR, SRGB, PQ, HLG = 1, 8, 13, 16, 18  # transfer functions
BT709, P3 = 1, 12  # primaries
HDR = "its high dynamic range was brought into that of usual pictures"


@pytest.fixture
def ramp() -> np.ndarray:
    """(16, 256, 3) uint8."""
    return np.ascontiguousarray(np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (16, 256, 3)))


def avif(pixels: np.ndarray, primaries: int, transfer: int) -> bytes:
    pixels = np.rint(pixels / 255 * 1023).astype(np.uint16)
    encoded = imagecodecs.avif_encode(
        pixels, 98, bitspersample=10, pixelformat="444", primaries=primaries, transfer=transfer, matrix=1
    )
    return bytes(encoded)


def png(pixels: np.ndarray, primaries: int, transfer: int) -> bytes:
    codes = struct.pack("4B", primaries, transfer, 0, 1)
    return with_chunks(bytes(imagecodecs.png_encode(pixels)), chunk(b"cICP", codes))


def in_8_bits(codes: np.ndarray) -> np.ndarray:
    return codes / np.iinfo(codes.dtype).max * 255


@pytest.mark.parametrize("file", [avif, png])
class TestCodes:
    @pytest.mark.parametrize("transfer", [SDR, SRGB])
    def test_of_usual_pictures_change_nothing(self, ramp, file, transfer):
        photo = read(file(ramp, BT709, transfer))
        assert np.abs(in_8_bits(photo.luminance) - ramp[..., 0]).max() < 2
        assert photo.notes == ()

    def test_of_linear_light_are_applied(self, ramp, file):
        light = ramp[..., 0] / 255
        expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
        codes = in_8_bits(read(file(ramp, BT709, LINEAR)).luminance)
        assert np.abs(codes - expected)[:, 16:].max() < 3

    def test_of_wider_colours_are_applied(self, file):
        red = np.full((16, 16, 3), (230, 30, 30), np.uint8)
        wide, usual = (in_8_bits(read(file(red, place, SRGB)).luminance).mean() for place in (P3, BT709))
        assert usual == pytest.approx(luminance_codes(red).mean(), abs=2)
        assert abs(wide - usual) > 2

    @pytest.mark.parametrize(("transfer", "white"), [(PQ, 0.58), (HLG, 0.75)])
    def test_of_high_dynamic_range_keep_shadows_and_highlights_apart(self, ramp, file, transfer, white):
        photo = read(file(ramp, BT709, transfer))
        codes = in_8_bits(photo.luminance)[8]
        assert photo.notes == (HDR,)
        below, at = codes[: round(255 * white)], codes[round(255 * white)]
        assert (np.diff(below) >= -1).all()
        assert 150 < at < 215, "the white of usual pictures leaves room for what is brighter"
        assert codes[-1] > 250

"""The true palette of photographs."""

import torch

from colorizer_hf.models.chroma_bins import bin_centers
from train.parts.palette_simulation import true_palette


def test_has_each_colour_at_its_nearest_bin_with_its_share() -> None:
    chroma = torch.zeros(2, 2, 16, 16)
    chroma[0, :, :, :4] = torch.tensor([41.0, -32.0]).view(2, 1, 1) / 110
    palette = true_palette(chroma)
    torch.testing.assert_close(palette[1, :, :2] * 110, bin_centers())
    shares = {tuple(bin_centers()[q].tolist()): palette[0, q, 2].item() for q in palette[0, :, 2].nonzero().flatten()}
    assert shares == {(40.0, -30.0): 0.25, (0.0, 0.0): 0.75}


def test_small_specks_count_with_what_is_around_them() -> None:
    chroma = torch.zeros(1, 2, 8, 8)
    chroma[0, 0, 0, 0] = 80 / 110  # of 16 pixels that count as one: 5 in the mean, still nearer to another bin
    assert true_palette(chroma)[0, :, 2].count_nonzero() <= 2
    assert true_palette(chroma)[0, :, 2].sum() == 1

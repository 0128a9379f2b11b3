"""Likely colours are the clusters of a distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.models.chroma_bins import bin_centers
from colorizer_hf.suggestions import likely_colors

CENTERS = bin_centers().numpy()


def shares_around(*clouds: tuple[float, float, float]) -> np.ndarray:
    """Bumps of a width of 8 Lab units, of a place (a, b) and a share each."""
    total = np.zeros(len(CENTERS))
    for a, b, share in clouds:
        bump = np.exp(-((CENTERS - (a, b)) ** 2).sum(axis=1) / (2 * 8**2))
        total += share * bump / bump.sum()
    return total


def test_each_cloud_is_one_with_its_share() -> None:
    found = likely_colors(shares_around((60, 40, 0.2), (-30, 30, 0.5), (0, -50, 0.3)), CENTERS, 3)
    assert [share for _, share in found] == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    for (color, _), expected in zip(found, [(-30, 30), (0, -50), (60, 40)], strict=True):
        assert color == pytest.approx(expected, abs=1.5)


def test_a_broad_distribution_falls_into_different_colours() -> None:
    found = likely_colors(np.full(len(CENTERS), 1 / len(CENTERS)), CENTERS, 5)
    colors = np.stack([color for color, _ in found])
    distances = np.linalg.norm(colors[:, None] - colors, axis=2) + 1e9 * np.eye(5)
    assert distances.min() > 40


def test_what_is_sure_is_one_colour() -> None:
    shares = np.zeros(len(CENTERS))
    shares[120] = 1
    [(color, share)] = likely_colors(shares, CENTERS, 5)
    assert color.tolist() == [0, 0]
    assert share == 1


@given(st.lists(st.floats(0, 1), min_size=30, max_size=30).filter(any), st.integers(1, 6))
def test_shares_fall_and_sum_to_the_whole(values: list[float], k: int) -> None:
    shares = np.array(values) / sum(values)
    found = likely_colors(shares, CENTERS[:30], k)
    given = [share for _, share in found]
    assert len(found) <= k
    assert given == sorted(given, reverse=True)
    assert sum(given) == pytest.approx(1)
    mean = sum(share * color for color, share in found)
    assert mean == pytest.approx(shares @ CENTERS[:30])

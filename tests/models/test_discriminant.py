"""What tells a part of a map from the rest."""

import numpy as np
import pytest

from colorizer_hf.models.discriminant import Discriminant


def two_halves(noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Features (4, 20, 30) whose second channel tells the left half, and a few cells of that half."""
    features = noise * np.random.default_rng(0).normal(size=(4, 20, 30))
    features[1, :, :15] += 1
    part = np.zeros((20, 30), bool)
    part[5:15, 3:9] = True
    return features, part


def test_cells_like_the_part_score_above_all_others() -> None:
    features, part = two_halves(0.1)
    scores = Discriminant(features, ridge=0.1).scores(part)
    assert scores[:, :15].min() > scores[:, 15:].max()
    assert np.abs(scores).max() <= 1


def test_the_means_of_part_and_rest_score_alike_but_for_the_sign() -> None:
    features, part = two_halves(0.0)
    part[:, :15], part[:, 15:] = True, False
    scores = Discriminant(features, ridge=1.0).scores(part)
    np.testing.assert_allclose(scores[part], 1)
    np.testing.assert_allclose(scores[~part], -1)


@pytest.mark.parametrize("even", [True, False])
def test_without_a_difference_or_a_rest_all_score_zero(even: bool) -> None:
    features, part = two_halves(0.1)
    features = np.ones_like(features) if even else features
    part = part if even else np.ones_like(part)
    assert (Discriminant(features, ridge=1.0).scores(part) == 0).all()

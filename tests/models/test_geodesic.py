"""Distances along a grid, beside Dijkstra's algorithm."""

import itertools

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from colorizer_hf.models.geodesic import Steps, geodesic_distances


def start_at(shape: tuple[int, int], *cells: tuple[int, int]) -> np.ndarray:
    start = np.full(shape, np.inf)
    for cell in cells:
        start[cell] = 0
    return start


def by_dijkstra(features: np.ndarray, cell: tuple[int, int]) -> np.ndarray:
    _, h, w = features.shape
    rows, columns, costs = [], [], []
    for (y, x), (dy, dx) in itertools.product(np.ndindex(h, w), [(0, 1), (1, 0), (1, 1), (1, -1)]):
        if y + dy < h and 0 <= x + dx < w:
            rows.append(y * w + x)
            columns.append((y + dy) * w + x + dx)
            difference = features[:, y, x] - features[:, y + dy, x + dx]
            costs.append(np.sqrt(np.square(difference).mean()) * np.hypot(dy, dx))
    graph = coo_array((costs, (rows, columns)), shape=(h * w, h * w))
    return dijkstra(graph.tocsr(), directed=False, indices=cell[0] * w + cell[1]).reshape(h, w)


@pytest.mark.parametrize(("seed", "shape"), [(0, (12, 17)), (1, (17, 12)), (2, (1, 9)), (3, (9, 1))])
def test_is_the_shortest_path(seed: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(3, *shape))
    cell = int(rng.integers(shape[0])), int(rng.integers(shape[1]))
    found = geodesic_distances(Steps.of_map(features), start_at(shape, cell))
    np.testing.assert_allclose(found, by_dijkstra(features, cell), atol=1e-9)


def test_goes_around_a_wall() -> None:
    features = np.zeros((1, 9, 9))
    features[0, :8, 4] = 100  # open at the bottom
    features[0] += np.arange(9)[:, None] * 0.1
    distances = geodesic_distances(Steps.of_map(features), start_at((9, 9), (0, 0)))
    assert distances[0, 8] == pytest.approx(1.6, abs=0.2)  # down to the gap and up again
    assert distances[0, 4] > 90


def test_is_known_only_as_far_as_asked_for() -> None:
    features = np.random.default_rng(4).normal(size=(2, 15, 20))
    steps, start = Steps.of_map(features), start_at((15, 20), (7, 9), (0, 0))
    whole, near = geodesic_distances(steps, start), geodesic_distances(steps, start, farthest=3.0)
    assert (whole > 3).any()
    np.testing.assert_allclose(near, np.minimum(whole, 3), atol=1e-9)


def test_comes_to_an_end_on_single_precision() -> None:
    features = np.random.default_rng(5).normal(size=(3, 60, 90)).astype(np.float32)
    found = geodesic_distances(Steps.of_map(features), start_at((60, 90), (30, 40)).astype(np.float32))
    exact = geodesic_distances(Steps.of_map(features.astype(np.float64)), start_at((60, 90), (30, 40)))
    np.testing.assert_allclose(found, exact, rtol=1e-4)


def test_cells_of_the_start_are_at_zero_and_nothing_even_is_farther() -> None:
    start = start_at((5, 6), (2, 3))
    assert (geodesic_distances(Steps.of_map(np.ones((2, 5, 6))), start) == 0).all()


def test_steps_are_weighed_by_the_mean_of_their_cells() -> None:
    rng = np.random.default_rng(6)
    plain = Steps.of_map(rng.normal(size=(2, 5, 7)))
    even = plain.weighed(np.full((5, 7), 3.0))
    for name in ("right", "down", "down_right", "down_left"):
        np.testing.assert_allclose(getattr(even, name), 3 * getattr(plain, name))
    weights = np.ones((5, 7))
    weights[2, 3] = 5
    np.testing.assert_allclose(plain.weighed(weights).down_left[1, 3], 3 * plain.down_left[1, 3])
    np.testing.assert_allclose(plain.weighed(weights).down_right[2, 3], 3 * plain.down_right[2, 3])


def test_differences_up_to_the_free_one_cost_the_least() -> None:
    features = np.array([[[0.0, 0.4, 1.0, 3.0]]])
    steps = Steps.of_map(features, free=0.5, least=0.1)
    np.testing.assert_allclose(steps.right, [[0.1, 0.2, 1.6]])


def test_many_starts_side_by_side_are_each_as_alone() -> None:
    rng = np.random.default_rng(7)
    steps = Steps.of_map(rng.normal(size=(3, 30, 40)).astype(np.float32))
    starts = np.stack([start_at((30, 40), cell).astype(np.float32) for cell in [(0, 0), (15, 20), (29, 3), (15, 21)]])
    weights = rng.uniform(0.5, 2, size=starts.shape).astype(np.float32)
    for grids, single in ((steps, [steps] * 4), (steps.weighed(weights), [steps.weighed(one) for one in weights])):
        found = geodesic_distances(grids, starts, farthest=4.0)
        alone = [geodesic_distances(grid, start, farthest=4.0) for grid, start in zip(single, starts, strict=True)]
        np.testing.assert_array_equal(found, np.stack(alone))

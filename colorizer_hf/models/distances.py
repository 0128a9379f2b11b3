"""Squared distances between many points, by operations that every engine has (ONNX knows no `cdist`)."""

from torch import Tensor


def squared_distances(points: Tensor, others: Tensor) -> Tensor:
    """Squared Euclidean distances (..., N, M) between points (..., N, D) and others (..., M, D).

    By one product of matrices, fast where D is large; small distances between large numbers lose digits.
    """
    squares = points.square().sum(-1, keepdim=True) + others.square().sum(-1, keepdim=True).transpose(-1, -2)
    return (squares - 2 * points @ others.transpose(-1, -2)).clamp(min=0)


def squared_distances_in_plane(points: Tensor, others: Tensor) -> Tensor:
    """The same of points (..., N, 2) and others (..., M, 2), with all digits."""
    x, y = points.unsqueeze(-2).unbind(-1)  # (..., N, 1) each
    other_x, other_y = others.unsqueeze(-3).unbind(-1)  # (..., 1, M) each
    return (x - other_x).square() + (y - other_y).square()


__all__ = ["squared_distances", "squared_distances_in_plane"]

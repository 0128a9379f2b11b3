"""Equations with a covariance as an ONNX function; ONNX has no operator for them."""

from onnxscript import FLOAT, script
from onnxscript import opset18 as op


@script(default_opset=op)
def gauss_jordan(covariance: FLOAT[...], right: FLOAT[...]) -> FLOAT[...]:
    """The X (1, K, R) of C X = R by elimination; C (1, K, K) is a covariance, so no pivoting is needed."""
    count = op.Squeeze(op.Shape(covariance, start=1, end=2))
    both = op.Concat(covariance, right, axis=-1)
    places = op.Range(0, count, 1)
    for i in range(count):
        row = op.Gather(both, i, axis=1)
        column = op.Gather(both, i, axis=2)
        row = row / op.Unsqueeze(op.Gather(row, i, axis=1), [1])
        others = column - op.CastLike(op.Equal(places, i), both)
        both = both - op.Unsqueeze(others, [2]) * op.Unsqueeze(row, [1])
    return op.Slice(both, op.Shape(covariance, start=2, end=3), [9223372036854775807], [2])


__all__ = ["gauss_jordan"]

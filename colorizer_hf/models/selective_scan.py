"""The selective scan of Gu, Dao 2023, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", in PyTorch.

For every channel c and state j of a sequence

    h[t, c, j] = exp(delta[t, c] A[c, j]) h[t - 1, c, j] + delta[t, c] B[t, j] x[t, c]        h before the first is 0
    y[t, c] = sum over j of C[t, j] h[t, c, j]  +  D[c] x[t, c]

All tokens at once would need a state for each; so the sequence is cut into chunks, and the last states of a chunk are
handed to the next. Inside a chunk processors take one token after another. Accelerators, to which each step would be
a launch, double: steps compose, (a2, b2) after (a1, b1) is (a2 a1, a2 b1 + b2), so log2 of the chunk's length rounds
will do. Products over more than a chunk, which would vanish, are never formed. Where `mamba_ssm` is installed,
accelerators run its fused kernel instead. Code Apache-2.0, written from the paper.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

IN_CACHE = 2**17  # numbers: states of a chunk that processors have at hand; eight times as many take twice the time
DOUBLED = 128  # tokens in a chunk on accelerators, where there should be few launches


def selective_scan(x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    """Scan sequences of tokens in several directions at once.

    Args:
        x: (N, K, d, L): N pictures, K directions, d channels, L tokens.
        delta: (N, K, d, L), step sizes, positive.
        A: (K, d, n), negative; n states for each channel.
        B: (N, K, n, L), how a token enters the states.
        C: (N, K, n, L), how states become outputs.
        D: (K, d), how a token becomes output directly.

    Returns:
        y (N, K, d, L).
    """
    fused = fused_kernel() if x.is_cuda else None
    if fused is not None:
        return scan_by(fused, x, delta, A, B, C, D)
    outputs, states = [], x.new_zeros(*x.shape[:3], A.shape[-1])
    chunk = -(-IN_CACHE // states.numel()) if x.device.type == "cpu" else DOUBLED
    for parts in zip(*(tensor.split(chunk, dim=-1) for tensor in (x, delta, B, C)), strict=True):
        if torch.is_grad_enabled() and parts[0].requires_grad:  # states are many: computed again rather than kept
            y, states = checkpoint(scan_chunk, *parts, A, states, use_reentrant=False, preserve_rng_state=False)
        else:
            y, states = scan_chunk(*parts, A, states)
        outputs.append(y)
    return torch.cat(outputs, dim=-1) + D[..., None] * x


def scan_chunk(x: Tensor, delta: Tensor, B: Tensor, C: Tensor, A: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """A part of the sequences; arguments as above, with the states `before` (N, K, d, n).

    Returns:
        The part of y without D, (N, K, d, T), and the states after it.
    """
    x, delta, B, C = (tensor.movedim(-1, 0) for tensor in (x, delta, B, C))  # time in front: steps lie side by side
    decay = torch.exp(delta[..., None] * A)  # (T, N, K, d, n)
    states = Recurrence.apply(decay, (delta * x)[..., None] * B[..., None, :], before)
    return (states @ C[..., None])[..., 0].movedim(0, -1), states[-1]


class Recurrence(torch.autograd.Function):
    """h[t] = decay[t] h[t - 1] + added[t] along the first dimension, element by element."""

    @staticmethod
    def forward(ctx: Any, decay: Tensor, added: Tensor, before: Tensor) -> Tensor:
        """The states h (T, ...), from the state `before` (...)."""
        states = _recur(decay, added, before)
        ctx.save_for_backward(decay, states, before)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same recurrence, backwards in time."""
        decay, states, before = ctx.saved_tensors
        later = torch.cat([decay[1:], torch.zeros_like(decay[:1])]).flip(0)
        added = _recur(later, gradients[0].flip(0), torch.zeros_like(before)).flip(0)
        earlier = torch.cat([before[None], states[:-1]])
        return added * earlier, added, added[0] * decay[0]


def _recur(decay: Tensor, added: Tensor, before: Tensor) -> Tensor:
    return step_by_step(decay, added, before) if decay.device.type == "cpu" else doubling(decay, added, before)


def step_by_step(decay: Tensor, added: Tensor, before: Tensor) -> Tensor:
    """The recurrence, one step after another: each number is touched once."""
    states = torch.empty_like(added)
    for state, kept, new in zip(states.unbind(), decay.unbind(), added.unbind(), strict=True):
        before = torch.addcmul(new, kept, before, out=state)
    return states


def doubling(decay: Tensor, added: Tensor, before: Tensor) -> Tensor:
    """The recurrence, in as many rounds as it takes to double 1 to the number of steps."""
    states = torch.cat([torch.addcmul(added[:1], decay[:1], before[None]), added[1:]])
    offset = 1
    while offset < len(states):
        # what ended `offset` steps ago comes in front of what began then
        states = torch.cat([states[:offset], torch.addcmul(states[offset:], decay[offset:], states[:-offset])])
        decay = torch.cat([decay[:offset], decay[offset:] * decay[:-offset]])
        offset *= 2
    return states


@cache
def fused_kernel() -> Callable[..., Tensor] | None:
    """The kernel of `mamba_ssm` (Apache-2.0) if it is installed."""
    try:
        return import_module("mamba_ssm.ops.selective_scan_interface").selective_scan_fn
    except ImportError:
        return None


def scan_by(
    kernel: Callable[..., Tensor], x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor
) -> Tensor:
    """`selective_scan` by a kernel that knows no directions, but groups of channels with a B and C of their own."""
    y = kernel(x.flatten(1, 2).contiguous(), delta.flatten(1, 2).contiguous(), A.flatten(0, 1), B, C, D.flatten())
    return y.view_as(x)


__all__ = ["selective_scan"]

"""What a network costs: parameters, multiply-accumulates, time."""

import time
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

_ROUNDS = 7


def count_parameters(network: nn.Module) -> int:
    """All of them, trained or not."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def multiply_accumulates(network: nn.Module, picture: torch.Tensor, **told: Any) -> int:
    """Of convolutions and matrix products in one call, in evaluation mode, with what the network is told besides."""
    with FlopCounterMode(display=False) as counter:
        network.eval()(picture, **told)
    return counter.get_total_flops() // 2


@torch.no_grad()
def relative_time(network: nn.Module, reference: nn.Module, picture: torch.Tensor, **told: Any) -> float:
    """How many times as long as the reference a network takes for a picture, both on one thread.

    They are called in turns and the best of several rounds counts, so that other work on the machine hits both alike.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [_times(network, reference, picture, told) for _ in range(_ROUNDS)]
    finally:
        torch.set_num_threads(threads)
    best, best_of_reference = (min(times) for times in zip(*rounds, strict=True))
    return best / best_of_reference


def _times(
    network: nn.Module, reference: nn.Module, picture: torch.Tensor, told: dict[str, Any]
) -> tuple[float, float]:
    start = time.perf_counter()
    network(picture, **told)
    middle = time.perf_counter()
    reference(picture)
    return middle - start, time.perf_counter() - middle

"""What a network costs: parameters, multiply-accumulates, time."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(network: nn.Module) -> int:
    """All of them, trained or not."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def multiply_accumulates(network: nn.Module, picture: torch.Tensor, **told: Any) -> int:
    """Of convolutions and matrix products in one call, in evaluation mode, with what the network is told besides."""
    with FlopCounterMode(display=False) as counter:
        network.eval()(picture, **told)
    return counter.get_total_flops() // 2


def relative_time(network: nn.Module, reference: nn.Module, picture: torch.Tensor, **told: Any) -> float:
    """How many times as long as the reference a network takes for a picture, both on one thread."""
    ours, theirs = best_seconds([lambda: network(picture, **told), lambda: reference(picture)])
    return ours / theirs


@torch.no_grad()
def best_seconds(calls: Sequence[Callable[[], object]], rounds: int = 7) -> list[float]:
    """The shortest time of each call, on one thread.

    They are made in turns and the best of several rounds counts, so that other work on the machine hits all alike.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = [[_seconds(call) for call in calls] for _ in range(rounds)]
    finally:
        torch.set_num_threads(threads)
    return [min(of_one) for of_one in zip(*times, strict=True)]


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start

"""The Mamba block of ColorMamba (Zhai, Jin, Yang, Kang 2024), after VMamba (Liu et al.) and MambaIR (Guo et al. 2024).

A selective scan over the cells of a map in four directions, then a local convolution and agent attention. As in the
released code nothing is added around the whole block. The paper announces learned tokens in the frame around a map;
the code has zeros there, and `learned_frame` what the paper says. Code Apache-2.0, written from the papers and a table
of the layers.
"""

from math import ceil, log
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .agent_attention import AgentBlock
from .selective_scan import selective_scan

DIRECTIONS = 4
FASTEST, SLOWEST, SHORTEST = 0.1, 1e-3, 1e-4  # step sizes at first
Mixer = Literal["scan", "convolution"]


class Scan2d(nn.Module):
    """Scans a map row by row and column by column, forwards and backwards ("SS2D" of VMamba).

    Args:
        channels: Of the map; inside there are twice as many.
        states: For each of these.
    """

    def __init__(self, channels: int, states: int) -> None:
        super().__init__()
        inner, self.rank, self.states = 2 * channels, ceil(channels / 16), states
        self.in_proj = nn.Linear(channels, 2 * inner, bias=False)
        self.conv2d = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.x_proj_weight, self.dt_projs_weight = (
            nn.Parameter(uniform(bound, DIRECTIONS, *shape))
            for bound, shape in (
                (inner**-0.5, (self.rank + 2 * states, inner)),
                (self.rank**-0.5, (inner, self.rank)),
            )
        )
        logs = torch.rand(DIRECTIONS, inner) * (log(FASTEST) - log(SLOWEST)) + log(SLOWEST)
        steps = logs.exp().clamp(min=SHORTEST)
        self.dt_projs_bias = nn.Parameter(steps + torch.log(-torch.expm1(-steps)))  # softplus makes them steps again
        self.A_logs = nn.Parameter(torch.arange(1, states + 1).float().log().repeat(DIRECTIONS * inner, 1))
        self.Ds = nn.Parameter(torch.ones(DIRECTIONS * inner))
        self.out_norm = nn.LayerNorm(inner)
        self.out_proj = nn.Linear(inner, channels, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """From tokens (B, H, W, C) to tokens (B, H, W, C)."""
        x, gate = self.in_proj(tokens).chunk(2, dim=-1)
        x = F.silu(self.conv2d(x.movedim(-1, 1)))
        y = join_directions(self._scan(along_directions(x)), x.shape[-2])
        return self.out_proj(self.out_norm(y.movedim(1, -1)) * F.silu(gate))

    def _scan(self, x: Tensor) -> Tensor:
        """From sequences (B, 4, d, L) to sequences (B, 4, d, L), in float32 whatever autocast makes of the layers."""
        steps, B, C = (self.x_proj_weight @ x).float().split([self.rank, self.states, self.states], dim=2)
        delta = F.softplus((self.dt_projs_weight @ steps).float() + self.dt_projs_bias[..., None])
        A = -torch.exp(self.A_logs).view(DIRECTIONS, -1, self.states)
        return selective_scan(x.float(), delta, A, B, C, self.Ds.view(DIRECTIONS, -1))


def uniform(bound: float, *shape: int) -> Tensor:
    """New weights between two bounds."""
    return torch.empty(shape).uniform_(-bound, bound)


def along_directions(x: Tensor) -> Tensor:
    """A map (B, d, H, W) as the four sequences (B, 4, d, H W) of its cells."""
    ways = torch.stack([x.flatten(2), x.transpose(2, 3).flatten(2)], dim=1)
    return torch.cat([ways, ways.flip(-1)], dim=1)


def join_directions(y: Tensor, height: int) -> Tensor:
    """The sum of four sequences (B, 4, d, H W), each cell at its place again: (B, d, H, W)."""
    rows, columns = (y[:, :2] + y[:, 2:].flip(-1)).unbind(dim=1)
    return rows.unflatten(-1, (height, -1)) + columns.unflatten(-1, (-1, height)).transpose(2, 3)


class StateSpaceBlock(nn.Module):
    """A scan inside a frame, then a local convolution and agents; both are added to a scaled copy of what they saw.

    Args:
        channels: Of the map.
        states: See `Scan2d`.
        mixer: "convolution" has a plain one of 3 x 3 where the scan is, to see what the scan is worth; ours.
        learned_frame: Whether the frame of one cell around the map is learned; otherwise it is zero.
    """

    def __init__(self, channels: int, states: int, mixer: Mixer, learned_frame: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.scan = Scan2d(channels, states) if mixer == "scan" else Convolution(channels)
        self.frame = nn.Parameter(torch.zeros(channels)) if learned_frame else None
        self.scale1, self.scale2 = (nn.Parameter(torch.ones(channels)) for _ in range(2))
        self.norm2 = nn.LayerNorm(channels)
        between = channels // 3
        self.local = nn.Sequential(
            nn.Conv2d(channels, between, 3, padding=1), nn.GELU(), nn.Conv2d(between, channels, 3, padding=1)
        )
        self.agents = AgentBlock(channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """From tokens (B, H, W, C) to tokens (B, H, W, C)."""
        scanned = self.scan(self._framed(self.norm1(tokens)))[:, 1:-1, 1:-1]
        tokens = self.scale1 * tokens + scanned
        local = self.local(self.norm2(tokens).movedim(-1, 1)).movedim(1, -1)
        return self.scale2 * tokens + self.agents(local)

    def _framed(self, tokens: Tensor) -> Tensor:
        framed = F.pad(tokens, (0, 0, 1, 1, 1, 1))
        if self.frame is None:
            return framed
        is_frame = F.pad(torch.zeros_like(tokens[..., :1]), (0, 0, 1, 1, 1, 1), value=1)
        return framed + is_frame * self.frame


class Convolution(nn.Conv2d):
    """A convolution of 3 x 3 over tokens (B, H, W, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.movedim(-1, 1)).movedim(1, -1)


class MambaBlock(nn.Module):
    """The block as a layer of convolutional networks, from a map (B, C, H, W) to a map (B, C, H, W)."""

    def __init__(self, channels: int, *, states: int, mixer: Mixer, learned_frame: bool) -> None:
        super().__init__()
        self.block = StateSpaceBlock(channels, states, mixer, learned_frame)
        self.norm = nn.LayerNorm(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.movedim(1, -1)
        return self.conv(self.norm(self.block(tokens) + tokens).movedim(-1, 1))


__all__ = ["MambaBlock", "Mixer"]

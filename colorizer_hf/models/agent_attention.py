"""Agent attention of Han, Ye et al. 2023, "Agent Attention: On the Integration of Softmax and Linear Attention".

A few agents, means of the queries over a grid, look at all cells and report to each of them: what it costs grows with
the number of cells, not with its square. Shapes and biases are those of ColorMamba's released code, where all biases
are shrunk to one cell: what is left of them is a number for each head and agent. Code Apache-2.0, written from the
paper and a table of the weights.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEADS = 8
GRID = 7  # the agents are GRID x GRID means


class AgentAttention(nn.Module):
    """Attention over all cells of a map, by way of agents.

    Args:
        channels: Of the map, a multiple of `HEADS`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.q = nn.Linear(channels, channels, bias=False)
        self.kv = nn.Linear(channels, 2 * channels, bias=False)
        self.proj = nn.Linear(channels, channels)
        self.dwc = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        # Biases of what agents see: alike for all cells, which a softmax does not notice. The authors' files have them.
        self.an_bias, self.ah_bias, self.aw_bias = (
            nn.Parameter(bias_of(*shape), requires_grad=False)
            for shape in ((HEADS, GRID**2, GRID, GRID), (HEADS, GRID**2), (HEADS, GRID**2))
        )
        # Biases of whom cells listen to.
        self.na_bias = nn.Parameter(bias_of(HEADS, GRID**2, GRID, GRID))
        self.ha_bias, self.wa_bias = (nn.Parameter(bias_of(HEADS, GRID**2)) for _ in range(2))

    def forward(self, tokens: Tensor) -> Tensor:
        """From tokens (B, H, W, C) to tokens (B, H, W, C)."""
        queries = self.q(tokens)
        keys, values = self.kv(tokens).chunk(2, dim=-1)
        agents = F.adaptive_avg_pool2d(queries.movedim(-1, 1), GRID).movedim(1, -1)
        q, k, v, a = (heads(part) for part in (queries, keys, values, agents))  # (B, heads, cells, C / heads)
        reports = F.scaled_dot_product_attention(a, k, v)
        bias = self.na_bias[..., GRID // 2, GRID // 2] + self.ha_bias + self.wa_bias  # (heads, agents)
        heard = F.scaled_dot_product_attention(q, a, reports, attn_mask=bias[:, None])
        nearby = self.dwc(values.movedim(-1, 1)).movedim(1, -1)
        return self.proj(heard.transpose(1, 2).reshape(tokens.shape) + nearby)


def bias_of(*shape: int) -> Tensor:
    """A new bias."""
    return nn.init.trunc_normal_(torch.empty(shape), std=0.02)


def heads(tokens: Tensor) -> Tensor:
    """Tokens (B, H, W, C) as (B, heads, H W, C / heads)."""
    return tokens.flatten(1, 2).unflatten(-1, (HEADS, -1)).transpose(1, 2)


class AgentBlock(nn.Module):
    """A transformer block: agent attention, then an MLP of four times the width, each added to what it saw normed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn = AgentAttention(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels))

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


__all__ = ["HEADS", "AgentBlock"]

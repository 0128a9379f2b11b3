"""Hint spread: colour hints carried over the cells of a photo that a network has already coloured."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import initialization as init

from .geodesic import Steps, geodesic_distances
from .hint_batch import REACHES, HintBatch

if TYPE_CHECKING:
    from .chromaformer import ChromaFormerFeatures

STRIDE = 4  # of the cells
BREADTH = 5.0  # of the covariance, in squared distances of the embedding
NOISE = 0.01  # variance of what a hint says, errors of the network having 1: keeps the equations solvable
# What follows was chosen on human segmentations of photographs (train/README.md, "How far a dab reaches").
FREE_STEP, LEAST_STEP = 0.05, 0.02  # of geodesic distance: what varies from cell to cell within a thing counts little
THING_LIKENESS = 0.5  # how much it counts, for a hint on an object, that parts of the thing look different
FARTHEST = 4.0  # widths of a thing: what is left of a hint there is a millionth
KEPT_DISTANCES = 600  # maps; twice as many hints as a painted photo has at most
_OBJECT, _SPOT = REACHES.index("object"), REACHES.index("spot")


class Places(NamedTuple):
    """Cells, or hints, as the hint spread compares them.

    Attributes:
        embedding: (B, heads, D, N), learned channels joined with scaled chroma and luminance.
        mix: (B, heads, N), shares of the heads.
        points: (B, N, 2); the longer side spans 2.
        limit: (B, K, N), how far each hint is out of its reach there: 0 within, infinite far beyond.
    """

    embedding: Tensor
    mix: Tensor
    points: Tensor
    limit: Tensor


class HintSpread(nn.Module):
    """Carry the hints' errors to the cells that look like theirs.

        out(p) = v(p) + sum_k w_k(p) (c_k + e(p) - v(p)) + k(p)^T (K + s I)^-1 r
        w(p) = softmax over the hints and a null token of -|f(p) - f(x_k)|^2 - gamma max(|p - x_k| - r_k, 0)^2 - l_k(p)
        k(p, q) = exp(-l_q(p)) / (1 + (|f(p) - f(q)|^2 + gamma |p - q|^2) / b)

    with v the chroma without hints, e the same at vividness 0, x_k and r_k the hint's place and radius, c_k = ab_k -
    e(x_k) its error, and f a learned embedding joined with scaled chroma and luminance. So where hints decide,
    vividness has no say. The weighted mean is the first guess: it stops where things look different. What it leaves of
    the errors at the hints, r, is interpolated by a Gaussian process with covariance k, so that neighbouring hints do
    not blur each other (simple kriging of residuals; Rasmussen and Williams 2006, eq. 2.25 and 4.19). Several heads,
    with reaches of their own, are mixed by a share predicted for every cell. Without hints the output is exactly v.

    A hint that keeps what is there takes its share without adding anything, so a lone one changes nothing. The limit
    l_k is 0 for hints that reach everything alike; for one on an object it is the squared geodesic distance from the
    hint over f, on which edges are long ways whatever lies beyond looks like (Bai and Sapiro 2007, "A Geodesic
    Framework for Fast Interactive Image and Video Segmentation and Matting"). A spot is painted over the rest.
    """

    def __init__(self, heads: int, thing_width: float) -> None:
        super().__init__()
        self.heads = heads
        self.thing_width = thing_width
        self.log_gamma = nn.Parameter(torch.empty(heads))
        self.null_logit = nn.Parameter(torch.empty(heads))
        self.chroma_weight = nn.Parameter(torch.empty(heads))
        self.luminance_weight = nn.Parameter(torch.empty(heads))

    def reset_parameters(self) -> None:
        """Reaches from a third of the picture to a few cells; a lone hint takes 95 % of its own cell."""
        init.copy_(self.log_gamma, torch.linspace(1.5, 5.0, self.heads))
        init.constant_(self.null_logit, -3.0)
        init.constant_(self.chroma_weight, 3.0)
        init.constant_(self.luminance_weight, 4.0)

    def forward(self, features: "ChromaFormerFeatures", hints: HintBatch, own: Tensor, calm: Tensor) -> Tensor:
        """The chroma with hints.

        Args:
            features: Of the photos.
            hints: At least one slot.
            own: (B, 2, h, w), the chroma without hints.
            calm: (B, 2, h, w), the same at vividness 0.

        Returns:
            (B, 2, h, w).
        """
        with torch.autocast(own.device.type, enabled=False):  # equations need full precision
            cells = self._cells(features, hints)
            chroma = self._spread(hints, own, calm, cells, features.size)
            if (hints.reach == _SPOT).any():
                chroma = _paint_spots(chroma, own, hints, cells.points, features.size)
            return chroma

    def join(self, features: "ChromaFormerFeatures") -> Tensor:
        """The cells' embedding (B, heads, D, h * w), in which those that look alike lie close."""
        B, _, h, w = features.chroma.shape
        learned = features.embedding.reshape(B, self.heads, -1, h * w)
        scaled_chroma = self.chroma_weight.view(1, -1, 1, 1) * features.chroma.reshape(B, 1, 2, -1)
        scaled_luminance = self.luminance_weight.view(1, -1, 1, 1) * features.luminance.reshape(B, 1, 1, -1)
        return torch.cat([learned, scaled_chroma, scaled_luminance], dim=2)

    def _cells(self, features: "ChromaFormerFeatures", hints: HintBatch) -> Places:
        B, _, h, w = features.chroma.shape
        embedding = self.join(features)
        points = cell_points(h, w, features.size, embedding.device)
        limit = embedding.new_zeros(B, len(hints), h * w)
        if (hints.reach == _OBJECT).any():
            limit = self._object_limit(features, hints, embedding)
        return Places(embedding, features.head_mix.flatten(2), points.expand(B, -1, -1), limit)

    def _spread(self, hints: HintBatch, own: Tensor, calm: Tensor, cells: Places, size: tuple[int, int]) -> Tensor:
        B, _, h, w = own.shape
        # Bilinear sampling at the hints is one sparse matrix, shared by everything that is sampled.
        sampling = sampling_weights(hints.points, h, w, size).transpose(1, 2)  # (B, N, K)
        points = hints.points * _aspect(size, own)
        at_hints = Places(cells.embedding @ sampling.unsqueeze(1), cells.mix @ sampling, points, cells.limit @ sampling)
        mask = (hints.mask & (hints.reach != _SPOT)).unsqueeze(1).to(own.dtype)  # (B, 1, K)
        keeps = hints.keep.unsqueeze(1)
        own, calm = own.flatten(2), calm.flatten(2)
        own_there, calm_there = own @ sampling, calm @ sampling
        target = torch.where(keeps, own_there, hints.chroma.transpose(1, 2))
        error = (target - calm_there) * mask * ~keeps  # (B, 2, K)

        def guess(shares: Tensor, own: Tensor, calm: Tensor) -> Tensor:
            decided = (shares * ~keeps.transpose(1, 2)).sum(dim=1, keepdim=True)
            return own + (calm - own) * decided + error @ shares

        among_hints, covariance = self._compare(at_hints, at_hints, hints, mask)  # (B, K, K)
        to_cells, covariance_to_cells = self._compare(at_hints, cells, hints, mask)  # (B, K, N)
        left = (target - guess(among_hints, own_there, calm_there)) * mask
        # A slot without hint has an equation of its own, whose solution is 0.
        covariance = covariance * mask + torch.diag_embed(NOISE + 1 - mask.squeeze(1))
        coefficients = torch.linalg.solve(covariance, left, left=False)  # (B, 2, K)
        return (guess(to_cells, own, calm) + coefficients @ covariance_to_cells).view(B, 2, h, w)

    def _compare(self, at_hints: Places, places: Places, hints: HintBatch, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Each hint's share (B, K, N) in N places, what is missing to 1 being the null token's, and the covariance."""
        keys, queries = at_hints.embedding, places.embedding
        similarity = keys.transpose(-1, -2) @ (2 * queries)  # (B, heads, K, N)
        similarity = similarity - queries.square().sum(2).unsqueeze(2) - keys.square().sum(2).unsqueeze(3)
        gamma = self.log_gamma.exp().view(1, -1, 1, 1)
        distance = torch.cdist(at_hints.points, places.points).unsqueeze(1)  # (B, 1, K, N)
        limit = places.limit.unsqueeze(1)

        reach = (distance - 2 * hints.radius[:, None, :, None]).clamp(min=0)
        likeness = torch.where(hints.reach == _OBJECT, THING_LIKENESS, 1.0)[:, None, :, None]
        logits = likeness * similarity - gamma * reach.square() - limit
        logits = logits.masked_fill(mask.unsqueeze(3) == 0, -torch.inf)
        null = self.null_logit.view(1, -1, 1, 1).expand(*logits.shape[:2], 1, logits.shape[3])
        shares = torch.cat([null, logits], dim=2).softmax(dim=2)[:, :, 1:]
        shares = (places.mix.unsqueeze(2) * shares).sum(dim=1)

        # Radii have no place here: the matrix must be that of a covariance.
        unlike = gamma * distance.square() - similarity
        heads = at_hints.mix.sqrt().unsqueeze(3) * (BREADTH * places.mix.sqrt()).unsqueeze(2)
        covariance = (heads / (BREADTH + unlike)).sum(dim=1)
        return shares, covariance * (-places.limit).exp() * mask.transpose(1, 2)

    def _object_limit(self, features: "ChromaFormerFeatures", hints: HintBatch, embedding: Tensor) -> Tensor:
        """Squared geodesic distances (B, K, N) in units of a thing's extent; 0 for hints of another reach."""
        B, _, h, w = features.chroma.shape
        maps = embedding.detach().flatten(1, 2).unflatten(-1, (h, w)).cpu().numpy()  # (B, channels, h, w)
        limits = np.zeros((B, len(hints), h, w), np.float32)
        for b in range(B):
            wanted = (hints.mask & (hints.reach == _OBJECT))[b].nonzero().flatten().tolist()
            dabs = [(float(b), *hints.points[b, k].tolist(), float(hints.radius[b, k])) for k in wanted]
            _measure(features, dabs, maps[b], self.thing_width * FARTHEST)
            for k, dab in zip(wanted, dabs, strict=True):
                limits[b, k] = np.square(features.distances[dab] / self.thing_width)
        return torch.from_numpy(limits).flatten(2).to(embedding.device)


def _measure(
    features: "ChromaFormerFeatures", dabs: Sequence[tuple[float, ...]], maps: np.ndarray, farthest: float
) -> None:
    """Add to the features' distances those of dabs (photo, x, y, radius) that they lack."""
    known = features.distances
    missing = [dab for dab in dict.fromkeys(dabs) if dab not in known]
    if len(known) + len(missing) > KEPT_DISTANCES:
        for dab in known.keys() - set(dabs):
            del known[dab]
    if missing:
        h, w = maps.shape[-2:]
        steps = Steps.of_map(maps, free=FREE_STEP, least=LEAST_STEP)
        for dab in missing:
            known[dab] = geodesic_distances(steps, _start(dab, h, w, features.size), farthest)


def _start(dab: tuple[float, ...], h: int, w: int, size: tuple[int, int]) -> np.ndarray:
    """0 in the cells whose centres a dab covers, and in the one it lies in, infinity elsewhere; (h, w)."""
    _, x, y, radius = dab
    height, width = size
    across = (np.arange(w) + 0.5) * STRIDE - (x + 1) / 2 * width  # pixels
    down = (np.arange(h) + 0.5) * STRIDE - (y + 1) / 2 * height
    away = np.hypot(across, down[:, None])
    within = max(radius * max(size), float(away.min()))
    return np.where(away <= within, 0, np.inf).astype(np.float32)


def _paint_spots(chroma: Tensor, own: Tensor, hints: HintBatch, cells: Tensor, size: tuple[int, int]) -> Tensor:
    """Lay the discs of spots over the chroma (B, 2, h, w), their rims feathered; spots that keep show `own`."""
    points = hints.points * _aspect(size, own)
    cell = 2 * STRIDE / max(size)
    radius = 2 * hints.radius.unsqueeze(2)
    feather = (radius / 2).clamp(min=cell)
    cover = ((radius + feather / 2 - torch.cdist(points, cells)) / feather).clamp(0, 1)  # (B, K, N)
    cover = cover * (hints.mask & (hints.reach == _SPOT)).unsqueeze(2)
    kept = cover * hints.keep.unsqueeze(2)
    total = cover.sum(dim=1, keepdim=True)
    paint = hints.chroma.transpose(1, 2) @ (cover - kept) + own.flatten(2) * kept.sum(dim=1, keepdim=True)
    amount = 1 - (1 - cover).prod(dim=1, keepdim=True)
    return chroma.flatten(2).lerp(paint / total.clamp(min=1e-6), amount).view_as(chroma)


def _aspect(size: tuple[int, int], like: Tensor) -> Tensor:
    """What turns x and y in [-1, 1] into lengths of which the longer side spans 2; (2,)."""
    height, width = size
    return like.new_tensor([width, height]) / max(height, width)


def cell_points(h: int, w: int, size: tuple[int, int], device: torch.device) -> Tensor:
    """Centres of the output's cells, x and y from the photo's middle, whose longer side spans 2; (h * w, 2)."""
    height, width = size
    y = ((torch.arange(h, device=device) + 0.5) * STRIDE * 2 - height) / max(size)
    x = ((torch.arange(w, device=device) + 0.5) * STRIDE * 2 - width) / max(size)
    return torch.stack([x.expand(h, w), y.unsqueeze(1).expand(h, w)], dim=-1).view(-1, 2)


def sampling_weights(points: Tensor, h: int, w: int, size: tuple[int, int]) -> Tensor:
    """Bilinear weights (B, K, h * w) that read a map of h x w cells at points (B, K, 2) in [-1, 1]."""
    height, width = size
    x = ((points[..., 0] + 1) / 2 * width / STRIDE - 0.5).clamp(0, w - 1).unsqueeze(-1)  # in cells
    y = ((points[..., 1] + 1) / 2 * height / STRIDE - 0.5).clamp(0, h - 1).unsqueeze(-1)
    weight_x = (1 - (x - torch.arange(w, device=points.device)).abs()).clamp(min=0)  # (B, K, w)
    weight_y = (1 - (y - torch.arange(h, device=points.device)).abs()).clamp(min=0)  # (B, K, h)
    return (weight_y.unsqueeze(-1) * weight_x.unsqueeze(-2)).flatten(2)


__all__ = ["STRIDE", "HintSpread", "cell_points", "sampling_weights"]

"""Hint spread: colour hints carried over the cells of a photo that a network has already coloured."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import initialization as init

from .cells import aspect, cell_points, cell_side, sampling_weights
from .distances import squared_distances_in_plane
from .hint_batch import HintBatch
from .reaches import REACHES
from .thing_limits import hint_limits

if TYPE_CHECKING:
    from .chromaformer import ChromaFormerFeatures

BREADTH = 5.0  # of the covariance, in squared distances of the embedding
NOISE = 0.01  # variance of what a hint says, errors of the network having 1: keeps the equations solvable
THING_LIKENESS = 0.5  # how much it counts, for a hint on an object, that parts of the thing look different
_OBJECT, _SPOT = REACHES.index("object"), REACHES.index("spot")


class Places(NamedTuple):
    """Cells, or hints, as the hint spread compares them.

    Attributes:
        embedding: (B, heads, D, N), learned channels joined with scaled chroma and luminance.
        mix: (B, heads, N), shares of the heads.
        points: (B, N, 2); the longer side spans 2.
        limit: (B, K, N), how far each hint is out of its reach there: 0 within, 16 far beyond.
    """

    embedding: Tensor
    mix: Tensor
    points: Tensor
    limit: Tensor


class PlacedHints(NamedTuple):
    """Hints among the cells of photos, as equations take them.

    Attributes:
        points: (B, K, 2); the longer side spans 2, as of `radius`.
        sampling: (B, N, K), what reads maps of cells at the hints: a sparse matrix, shared by all that is read.
        chroma: (B, K, 2), ab / 110.
        radius: (B, K).
        mask: (B, K), 1 where there is a hint.
        on_object: (B, K) bool, hints on a thing.
        is_spot: (B, K) bool, hints that are painted over the rest.
        keep: (B, K) bool, hints that hold what is there.
    """

    points: Tensor
    sampling: Tensor
    chroma: Tensor
    radius: Tensor
    mask: Tensor
    on_object: Tensor
    is_spot: Tensor
    keep: Tensor

    @classmethod
    def of_batch(cls, hints: HintBatch, h: int, w: int, size: tuple[int, int]) -> "PlacedHints":
        """Hints among h x w cells of photos of that height and width."""
        sampling = torch.from_numpy(sampling_weights(hints.points.cpu().numpy(), h, w, size)).to(hints.chroma)
        return cls(
            points=hints.points * torch.from_numpy(aspect(size)).to(hints.chroma),
            sampling=sampling.transpose(1, 2),
            chroma=hints.chroma,
            radius=2 * hints.radius,
            mask=hints.mask.to(hints.chroma.dtype),
            on_object=hints.mask & (hints.reach == _OBJECT),
            is_spot=hints.mask & (hints.reach == _SPOT),
            keep=hints.keep,
        )


class HintSpread(nn.Module):
    """Carry the hints' errors to the cells that look like theirs.

        out(p) = v(p) + sum_k w_k(p) (c_k + e(p) - v(p)) + k(p)^T (K + s I)^-1 r
        w(p) = softmax over the hints and a null token of -|f(p) - f(x_k)|^2 - gamma max(|p - x_k| - r_k, 0)^2 - l_k(p)
        k(p, q) = r(p) . r(q) / (1 + (|f(p) - f(q)|^2 + gamma |p - q|^2) / b)
        r(p) = (exp(-l_1(p)), ..., exp(-l_K(p))), not longer than 1, and what its square lacks of 1

    with v the chroma without hints, e the same at vividness 0, x_k and r_k the hint's place and radius, c_k = ab_k -
    e(x_k) its error, and f a learned embedding joined with scaled chroma and luminance. So where hints decide,
    vividness has no say. The weighted mean is the first guess: it stops where things look different. What it leaves of
    the errors at the hints, r, is interpolated by a Gaussian process with covariance k, so that neighbouring hints do
    not blur each other (simple kriging of residuals; Rasmussen and Williams 2006, eq. 2.25 and 4.19). Several heads,
    with reaches of their own, are mixed by a share predicted for every cell. Without hints the output is exactly v.

    A hint that keeps what is there takes its share without adding anything, so a lone one changes nothing. The limit
    l_k is 0 for hints that reach everything alike; for one on an object it is the squared geodesic distance from the
    hint over f, on which edges are long ways whatever lies beyond looks like (Bai and Sapiro 2007, "A Geodesic
    Framework for Fast Interactive Image and Video Segmentation and Matting"). What lies within the width of a thing is
    then compared with the rest of the picture, and the way is measured again with steps that are shorter among cells
    like the former and longer among others. A spot is painted over the rest.
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
        h, w = own.shape[-2:]
        with torch.autocast(own.device.type, enabled=False):  # equations need full precision
            placed = PlacedHints.of_batch(hints, h, w, features.size)
            cells = self._cells(features, hints, placed)
            chroma = self.carry(placed, own.flatten(2), calm.flatten(2), cells, on_things=bool(placed.on_object.any()))
            if placed.is_spot.any():
                chroma = paint_spots(chroma, own.flatten(2), placed, cells.points, cell_side(features.size))
            return chroma.view_as(own)

    def join(self, features: "ChromaFormerFeatures") -> Tensor:
        """The cells' embedding (B, heads, D, h * w), in which those that look alike lie close."""
        B, _, h, w = features.chroma.shape
        learned = features.embedding.reshape(B, self.heads, -1, h * w)
        scaled_chroma = self.chroma_weight.view(1, -1, 1, 1) * features.chroma.reshape(B, 1, 2, -1)
        scaled_luminance = self.luminance_weight.view(1, -1, 1, 1) * features.luminance.reshape(B, 1, 1, -1)
        return torch.cat([learned, scaled_chroma, scaled_luminance], dim=2)

    def _cells(self, features: "ChromaFormerFeatures", hints: HintBatch, placed: PlacedHints) -> Places:
        B, _, h, w = features.chroma.shape
        embedding = self.join(features)
        points = torch.from_numpy(cell_points(h, w, features.size)).to(embedding)
        limit = embedding.new_zeros(B, len(hints), h * w)
        if placed.on_object.any():
            limit = self._object_limit(features, hints, placed, embedding)
        return Places(embedding, features.head_mix.flatten(2), points.expand(B, -1, -1), limit)

    def carry(self, hints: PlacedHints, own: Tensor, calm: Tensor, cells: Places, *, on_things: bool = True) -> Tensor:
        """The chroma with hints but for spots.

        Args:
            hints: At least one slot.
            own: (B, 2, N), the chroma without hints.
            calm: (B, 2, N), the same at vividness 0.
            cells: N cells of each photo.
            on_things: Whether there may be hints on things; without, the same comes faster.

        Returns:
            (B, 2, N).
        """
        sampling = hints.sampling
        at_hints = Places(
            cells.embedding @ sampling.unsqueeze(1), cells.mix @ sampling, hints.points, cells.limit @ sampling
        )
        mask = (hints.mask * ~hints.is_spot).unsqueeze(1)  # (B, 1, K)
        keeps = hints.keep.unsqueeze(1)
        own_there, calm_there = own @ sampling, calm @ sampling
        target = torch.where(keeps, own_there, hints.chroma.transpose(1, 2))
        error = (target - calm_there) * mask * ~keeps  # (B, 2, K)

        def guess(shares: Tensor, own: Tensor, calm: Tensor) -> Tensor:
            decided = (shares * ~keeps.transpose(1, 2)).sum(dim=1, keepdim=True)
            return own + (calm - own) * decided + error @ shares

        among_hints, covariance = self._compare(at_hints, at_hints, hints, mask, on_things=on_things)  # (B, K, K)
        to_cells, covariance_to_cells = self._compare(at_hints, cells, hints, mask, on_things=on_things)  # (B, K, N)
        left = (target - guess(among_hints, own_there, calm_there)) * mask
        # A slot without hint has an equation of its own, whose solution is 0.
        covariance = covariance * mask + torch.diag_embed(NOISE + 1 - mask.squeeze(1))
        coefficients = self.solve(covariance, left)  # (B, 2, K)
        return guess(to_cells, own, calm) + coefficients @ covariance_to_cells

    def solve(self, covariance: Tensor, right: Tensor) -> Tensor:
        """The X (B, R, K) of X C = R, for a covariance C (B, K, K) and R (B, R, K)."""
        return torch.linalg.solve(covariance, right, left=False)

    def _compare(
        self, at_hints: Places, places: Places, hints: PlacedHints, mask: Tensor, *, on_things: bool
    ) -> tuple[Tensor, Tensor]:
        """Each hint's share (B, K, N) in N places, what is missing to 1 being the null token's, and the covariance."""
        keys, queries = at_hints.embedding, places.embedding
        similarity = keys.transpose(-1, -2) @ (2 * queries)  # (B, heads, K, N)
        similarity = similarity - queries.square().sum(2).unsqueeze(2) - keys.square().sum(2).unsqueeze(3)
        gamma = self.log_gamma.exp().view(1, -1, 1, 1)
        distance2 = squared_distances_in_plane(at_hints.points, places.points).unsqueeze(1)  # (B, 1, K, N)
        limit = places.limit.unsqueeze(1)

        reach = (distance2.sqrt() - hints.radius[:, None, :, None]).clamp(min=0)
        likeness = torch.where(hints.on_object, THING_LIKENESS, 1.0)[:, None, :, None]
        logits = likeness * similarity - gamma * reach.square() - limit
        logits = logits.masked_fill(mask.unsqueeze(3) == 0, -torch.inf)
        null = self.null_logit.view(1, -1, 1, 1).expand(*logits.shape[:2], 1, logits.shape[3])
        shares = torch.cat([null, logits], dim=2).softmax(dim=2)[:, :, 1:]
        shares = (places.mix.unsqueeze(2) * shares).sum(dim=1)

        # Radii have no place here: the matrix must be that of a covariance.
        unlike = gamma * distance2 - similarity
        heads = at_hints.mix.sqrt().unsqueeze(3) * (BREADTH * places.mix.sqrt()).unsqueeze(2)
        covariance = (heads / (BREADTH + unlike)).sum(dim=1)
        if on_things:
            covariance = covariance * _common_reach(at_hints.limit, places.limit, hints)
        return shares, covariance * mask.transpose(1, 2)

    def _object_limit(
        self, features: "ChromaFormerFeatures", hints: HintBatch, placed: PlacedHints, embedding: Tensor
    ) -> Tensor:
        """How far cells are out of the hints' things, (B, K, N); 0 for hints of another reach."""
        B, _, h, w = features.chroma.shape
        looks = embedding.detach().flatten(1, 2).unflatten(-1, (h, w)).cpu().numpy()  # (B, channels, h, w)
        points, radius, on_object = (
            one.detach().cpu().numpy() for one in (hints.points, hints.radius, placed.on_object)
        )
        limits = [
            hint_limits(
                features.limits, points[b], radius[b], on_object[b], looks[b], features.size, self.thing_width, photo=b
            )
            for b in range(B)
        ]
        return torch.from_numpy(np.stack(limits)).flatten(2).to(embedding.device)


def _common_reach(at_hints: Tensor, at_places: Tensor, hints: PlacedHints) -> Tensor:
    """How far what reaches each hint reaches N places too, (B, K, N).

    Places are compared by the hints on objects that reach them, and by whether none does. A product of vectors, so
    that with it a covariance stays one: with exp(-l_k(p)) itself, or with 1 where a hint reaches all that looks alike,
    equations may have solutions without bounds.

    Args:
        at_hints: (B, K, K), limit of the hints in the first dimension at the hints in the second.
        at_places: (B, K, N), the same at the places.
        hints: Of any reach.
    """
    on_object = hints.on_object.unsqueeze(2)

    def reached(limit: Tensor) -> Tensor:
        reach = (-limit).exp() * on_object
        reach = reach / reach.norm(dim=1, keepdim=True).clamp(min=1)
        return torch.cat([reach, 1 - reach.square().sum(dim=1, keepdim=True)], dim=1)

    return reached(at_hints).transpose(1, 2) @ reached(at_places)


def paint_spots(chroma: Tensor, own: Tensor, hints: PlacedHints, cells: Tensor, cell: Tensor | float) -> Tensor:
    """Lay the discs of spots over the chroma, their rims feathered.

    Args:
        chroma: (B, 2, N).
        own: (B, 2, N), what spots that keep show.
        hints: Of any reach.
        cells: (B, N, 2), where the cells lie.
        cell: Their side.

    Returns:
        (B, 2, N).
    """
    radius = hints.radius.unsqueeze(2)
    feather = torch.maximum(radius / 2, torch.as_tensor(cell, dtype=radius.dtype, device=radius.device))
    away = squared_distances_in_plane(hints.points, cells).sqrt()
    cover = ((radius + feather / 2 - away) / feather).clamp(0, 1)  # (B, K, N)
    cover = cover * hints.is_spot.unsqueeze(2)
    kept = cover * hints.keep.unsqueeze(2)
    total = cover.sum(dim=1, keepdim=True)
    paint = hints.chroma.transpose(1, 2) @ (cover - kept) + own * kept.sum(dim=1, keepdim=True)
    amount = 1 - (1 - cover).prod(dim=1, keepdim=True)
    return chroma.lerp(paint / total.clamp(min=1e-6), amount)


__all__ = ["HintSpread", "PlacedHints", "Places", "paint_spots"]

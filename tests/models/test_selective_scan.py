"""The selective scan against its definition, one token after another."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from colorizer_hf.models import selective_scan as module
from colorizer_hf.models.selective_scan import Recurrence, doubling, scan_by, selective_scan, step_by_step


def by_definition(x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    states, outputs = torch.zeros_like(x[..., :1]) * A, []
    for t in range(x.shape[-1]):
        entering = (delta[..., t] * x[..., t])[..., None] * B[..., t][:, :, None]
        states = (delta[..., t][..., None] * A).exp() * states + entering
        outputs.append((states * C[..., t][:, :, None]).sum(-1) + D * x[..., t])
    return torch.stack(outputs, dim=-1)


def sequences(length: int, dtype: torch.dtype = torch.float32, channels: int = 6, states: int = 5) -> list[Tensor]:
    """Arguments of the scan: 2 pictures, 4 directions."""
    generator = torch.Generator().manual_seed(length)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=dtype)

    x, delta = draw(2, 4, channels, length), F.softplus(draw(2, 4, channels, length) - 1)
    A = -torch.arange(1, states + 1, dtype=dtype).expand(4, channels, states).clone()
    return [x, delta, A, draw(2, 4, states, length), draw(2, 4, states, length), draw(4, channels)]


@pytest.mark.parametrize("recur", [step_by_step, doubling])
class TestBothWays:
    """On processors, and on accelerators."""

    @pytest.fixture(autouse=True)
    def chosen(self, recur: Callable[..., Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_recur", recur)
        monkeypatch.setattr(module, "IN_CACHE", 16 * sequences(1)[0].numel() * 5)  # chunks of 16 tokens

    @pytest.mark.parametrize("length", [1, 15, 16, 17, 300])
    def test_is_its_definition(self, length: int) -> None:
        arguments = sequences(length)
        expected = by_definition(*arguments)
        error = (selective_scan(*arguments) - expected).abs().max() / expected.abs().max()
        assert error < 1e-5

    def test_has_the_gradients_of_its_definition(self) -> None:
        ours, theirs = ([tensor.requires_grad_() for tensor in sequences(130, torch.float64)] for _ in range(2))
        direction = torch.randn(2, 4, 6, 130, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        expected = torch.autograd.grad((by_definition(*theirs) * direction).sum(), theirs)
        got = torch.autograd.grad((selective_scan(*ours) * direction).sum(), ours)
        for one, other in zip(got, expected, strict=True):
            torch.testing.assert_close(one, other, atol=1e-10, rtol=1e-10)

    def test_gradients_are_those_of_differences(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "IN_CACHE", 4 * 2 * 4 * 2 * 2)
        arguments = [tensor.requires_grad_() for tensor in sequences(9, torch.float64, channels=2, states=2)]
        assert torch.autograd.gradcheck(selective_scan, arguments, fast_mode=True)
        decay, added, before = torch.rand(11, 3, dtype=torch.float64).requires_grad_().split([5, 5, 1])
        assert torch.autograd.gradcheck(Recurrence.apply, (decay, added, before[0]))

    def test_long_memory_neither_vanishes_nor_overflows(self) -> None:
        """States that forget within a step beside states that hardly forget at all."""
        x, delta, A, B, C, D = sequences(400)
        A = A.clone()
        A[..., 0], A[..., 1] = -1e-6, -1e4
        expected = by_definition(x, delta, A, B, C, D)
        got = selective_scan(x, delta, A, B, C, D)
        assert got.isfinite().all()
        torch.testing.assert_close(got, expected, atol=1e-4 * expected.abs().max().item(), rtol=0)


def test_a_fused_kernel_is_asked_as_mamba_ssm_wants_it() -> None:
    """u, delta (N, K d, L); A (K d, n); B, C (N, K, n, L), a group of d channels each; D (K d)."""

    def kernel(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
        assert u.is_contiguous()
        B, C = (tensor.repeat_interleave(len(A) // tensor.shape[1], dim=1) for tensor in (B, C))
        return by_definition(u[:, :, None], delta[:, :, None], A[:, None], B, C, D[:, None])[:, :, 0]

    arguments = sequences(20)
    torch.testing.assert_close(scan_by(kernel, *arguments), by_definition(*arguments))


def test_the_future_changes_nothing() -> None:
    arguments = sequences(100)
    changed = [tensor.clone() for tensor in arguments]
    for tensor in changed[:2] + changed[3:5]:
        tensor[..., 70:] += 0.3
    assert torch.equal(selective_scan(*changed)[..., :70], selective_scan(*arguments)[..., :70])

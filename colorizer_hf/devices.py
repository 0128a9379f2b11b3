"""Whether there is a device, asked before anything long begins."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def check_device(device: "int | str | torch.device") -> None:
    """Do nothing if torch can calculate there.

    Args:
        device: "cpu", "cuda:1", a device of torch, or the number of an accelerator, as in transformers; -1 is the CPU.

    Raises:
        ValueError: it cannot.
    """
    import torch

    if isinstance(device, int):  # transformers takes the CPU where there is no accelerator
        return
    try:
        torch.zeros(1, device=device).item()  # that it holds a number also rules out "meta"
    except (AssertionError, ImportError, RuntimeError) as error:  # unknown to torch, absent, or not built in
        raise ValueError(f"there is no device {str(device)!r} here") from error


__all__ = ["check_device"]

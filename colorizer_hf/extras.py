"""Packages that not every installation has, and what installs them."""

from importlib.util import find_spec

EXTRAS = {
    "torch": ("torch", "transformers", "huggingface_hub", "safetensors", "kornia"),
    "onnx": ("onnxruntime",),
    "openvino": ("openvino",),
    "ui": ("gradio",),
    "samples": ("diffusers",),
}
"""What each brings, by the names that are imported; extras that are asked for elsewhere, by sentences of their own, are
not here."""


def command_for(package: str) -> str:
    """What to type to have a package.

    Args:
        package: By the name that is imported.
    """
    extra = next((extra for extra, packages in EXTRAS.items() if package in packages), None)
    return f"pip install 'colorizer_hf[{extra}]'" if extra else f"pip install {package}"


def lacking(extra: str) -> str | None:
    """The first package of an extra that is not installed; None if all are."""
    return next((package for package in EXTRAS[extra] if find_spec(package) is None), None)


__all__ = ["EXTRAS", "command_for", "lacking"]

"""The web page: upload, sketch hints, see colour."""

from .app import build_app, serve

__all__ = ["build_app", "serve"]

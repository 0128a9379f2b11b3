"""Weights as their authors publish them -> checkpoints of this package."""

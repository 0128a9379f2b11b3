"""`colorizer evaluate --samples`: several colourings of each photograph, beside what the flagship offers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .measure_tables import Column, measured, print_measures
from .sample_options import draw_from, load_sampler

if TYPE_CHECKING:
    import numpy as np

    from ..metrics.lpips import Lpips
    from ..pipeline import ColorizationPipeline
    from ..result import ColorizationResult

SIDE = 256  # of the square that photographs are squashed to, as in the protocol siggraph17

_COLUMNS = (
    Column("best PSNR", "best_psnr", ".2f"),
    Column("mean", "mean_psnr", ".2f"),
    Column("best LPIPS", "best_lpips", ".4f"),
    Column("mean", "mean_lpips", ".4f"),
    Column("best ΔE00", "best_ciede2000", ".2f"),
    Column("mean", "mean_ciede2000", ".2f"),
    Column("diverse", "diversity", ".2f"),
    Column("colourful", "colourfulness", ".1f"),
    Column("patchy", "patchiness", ".2f"),
    Column("out of gamut", "out_of_gamut", ".3f"),
    Column("seconds", "seconds", ".2f"),
)


def evaluate_samples(
    photos: Path,
    count: int,
    *,
    model: str | None,
    limit: int | None,
    size: int | None,
    device: str | None,
    lpips: "Sequence[Lpips]",
) -> dict[str, Any]:
    """Measure so many samples of each photograph, print the table, and give the report for JSON.

    Beside them, of the same flagship: the expected colours, those of the default vividness, and the first so many of
    what the web page offers as other colourings.

    Raises:
        CheckpointError: the sampler cannot be loaded.
    """
    from ..metrics.colourings import measure_colourings
    from ..metrics.photos import load_photos
    from ..pipeline import ColorizationPipeline

    sampler = load_sampler(model, device)
    draw = draw_from(sampler, count, 0, size=size)
    flagship = ColorizationPipeline(sampler.encoder, device=sampler.device)
    systems: dict[str, Callable[[np.ndarray], Sequence[ColorizationResult]]] = {
        f"{count} samples": lambda codes: draw(_photo(codes), ()),
        "flagship, vividness 0": lambda codes: [flagship(_photo(codes), vividness=0.0)],
        "flagship, default": lambda codes: [flagship(_photo(codes))],
        f"{count} alternatives": lambda codes: _alternatives(flagship, codes)[:count],
    }
    pictures = load_photos(photos, limit=limit, size=SIDE)
    distance = lpips[0] if lpips else None
    rows = {name: measure_colourings(colour, pictures, lpips=distance) for name, colour in systems.items()}
    print(f"{model}, {len(pictures)} photographs; best and mean of the colourings of each")
    print_measures(rows, measured(_COLUMNS, list(rows.values())))
    print(f"The photographs' own colourfulness is {rows[f'{count} samples'].truth_colourfulness:.1f}.")
    return {
        "protocol": "samples",
        "model": model,
        "images": len(pictures),
        "rows": {name: asdict(row) for name, row in rows.items()},
    }


def report_json(report: dict[str, Any]) -> bytes:
    """The report as JSON text."""
    return (json.dumps(report, indent=2, allow_nan=False) + "\n").encode()


def _photo(codes: "np.ndarray") -> Any:
    from ..imaging import read

    return read(codes)


def _alternatives(flagship: "ColorizationPipeline", codes: "np.ndarray") -> "list[ColorizationResult]":
    """What the page offers: as it is, with its second guesses, more and less vivid."""
    from ..session import EditSession
    from ..webui.alternatives import VIVIDNESS, second_guesses

    session = EditSession(flagship, _photo(codes))
    shown = session.update()
    guesses = [session.update([hint]) for hint in second_guesses(shown, [])]
    return [shown, *guesses, *(session.update(vividness=VIVIDNESS[name]) for name in ("Vivid", "Calm"))]


__all__ = ["evaluate_samples", "report_json"]

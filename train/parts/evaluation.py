"""What a run measures on the way: the siggraph17 protocol on photographs never trained on, and a grid of samples."""

from pathlib import Path

from colorizer_hf.metrics.lpips import Lpips
from colorizer_hf.metrics.photos import load_photos
from colorizer_hf.metrics.protocols import evaluate
from colorizer_hf.models.base import ColorizerModel

from .config import RunConfig
from .loop import Evaluator
from .samples import draw_samples


def build_evaluator(config: RunConfig) -> Evaluator | None:
    """The measurements that a run asks for; None if it names no photographs.

    They are called `gain_10` (dB over gray, ten hints), `ssim_0` and so on; networks without hints are measured
    without.

    Raises:
        ColorizerError: the photographs or the weights of LPIPS cannot be read.
    """
    wanted = config.evaluation
    if wanted.photos is None:
        return None
    photos = load_photos(wanted.photos, limit=wanted.limit, size=256)
    lpips = [Lpips("alex", wanted.lpips)] if wanted.lpips else []
    folder = Path(config.output) / "samples"

    def measure(model: ColorizerModel, step: int) -> dict[str, float]:
        folder.mkdir(parents=True, exist_ok=True)
        draw_samples(model, photos[: wanted.samples]).save(folder / f"step-{step:08d}.png")
        hints = wanted.hints if model.supports_hints else (0,)
        report = evaluate(
            model, photos, hints=hints, metrics=wanted.metrics, lpips=[network.to(model.device) for network in lpips]
        )
        measured = {"gray_psnr": report.rows[0].gray_psnr, "tone_psnr": report.rows[0].tone_psnr}
        for row in report.rows:
            names = ("gain", *wanted.metrics, *(f"lpips_{network.trunk}" for network in lpips))
            measured |= {f"{name}_{row.hints}": getattr(row, name) for name in names}
        return measured

    return measure

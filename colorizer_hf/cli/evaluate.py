"""`colorizer evaluate`: how close a network comes to the true colours of photographs, or of near-infrared frames."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import ColorizerError, ImageError
from .devices import Device
from .measure_tables import Column, measured, print_measures
from .nir_evaluation import NIR_PROTOCOL, evaluate_nir
from .sample_evaluation import evaluate_samples, report_json

if TYPE_CHECKING:
    from ..metrics.lpips import Lpips
    from ..metrics.report import EvaluationReport, Measures
    from ..models.base import ColorizerModel


def evaluate(
    photos: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER_OR_TAR",
            help="Colour photographs; for vcip2020 pairs NAME_nir, NAME_rgb of near-infrared and colour ones.",
        ),
    ],
    protocol: Annotated[
        Literal["siggraph17", "icolorit", "vcip2020"],
        typer.Option(help="Rules of the comparison; vcip2020 is for near-infrared frames."),
    ] = "siggraph17",
    hints: Annotated[
        str | None,
        typer.Option(metavar="N,N,...", help="Numbers of hints, 0 to 500.", show_default="0,1,10,100"),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER_OR_TAR", help="Training pairs, whose mean colours are floors of vcip2020."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the first so many photographs.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name or folder; the bundled model for the protocol if absent.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write the figures there.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Draw PSNR against hints there, as PNG.")
    ] = None,
    vividness: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Of the colours; published protocols know none.", show_default="0"),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=1, max=16, metavar="N", help="Measure so many different colourings of each photograph."),
    ] = None,
    size: Annotated[int | None, typer.Option(min=16, help="Working size; the model's own if absent.")] = None,
    device: Device = None,
    lpips_alex: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="COLORIZER_LPIPS_ALEX", help="AlexNet's weights (safetensors), for LPIPS."),
    ] = None,
    lpips_vgg: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="COLORIZER_LPIPS_VGG", help="VGG16's weights (safetensors), for LPIPS."),
    ] = None,
) -> None:
    """Measure a model on colour photographs, beside a gray picture, a constant tone and the best it could reach.

    With --protocol vcip2020: on near-infrared frames, beside the frame itself and the true brightness without colour.
    """
    for_hints: dict[str, object] = {"--hints": hints, "--plot": plot, "--vividness": vividness}
    _check_options(protocol, for_hints, train)
    if samples and (protocol == NIR_PROTOCOL or any(value is not None for value in for_hints.values())):
        raise typer.BadParameter("it takes no hints, vividness, plot or near-infrared frames", param_hint="--samples")
    counts = _hint_counts("0,1,10,100" if hints is None else hints)
    for path in filter(None, (json, plot)):
        _check_place(path)
    trunks = {"alex": lpips_alex, "vgg": lpips_vgg}
    if protocol == NIR_PROTOCOL:
        from ..bundled import NIR_CHECKPOINT
        from ..pipeline import ColorizationPipeline, nir_colorizer

        name = model or NIR_CHECKPOINT
        pipeline, distances = ColorizationPipeline.from_pretrained(name, device=device), _lpips(trunks)
        colorize = nir_colorizer(pipeline, size=size)
        report = evaluate_nir(photos, colorize, name=name, train=train, limit=limit, lpips=distances)
        if json:
            _write(json, report.to_json().encode())
        return
    if samples:
        options: Any = {"model": model, "limit": limit, "size": size, "device": device, "lpips": _lpips(trunks)}
        figures = evaluate_samples(photos, samples, **options)
        if json:
            _write(json, report_json(figures))
        return
    if plot and not find_spec("matplotlib"):
        raise ColorizerError("--plot needs matplotlib; install it with: pip install 'colorizer_hf[eval]'")
    network = _load(model, device)
    distances = _lpips(trunks)
    skipped: list[ImageError] = []
    rules = {"protocol": protocol, "hints": counts, "lpips": distances, "size": size, "vividness": vividness or 0.0}
    report = _run(photos, limit, skipped, network, **rules)
    report = replace(report, model=model or report.model)
    _print_table(report)
    if json:
        _write(json, report.to_json().encode())
    if plot:
        from ..metrics.plot import draw_report

        picture = BytesIO()
        draw_report(report).savefig(picture, format="png", dpi=120)
        _write(plot, picture.getvalue())
    if skipped:
        raise typer.Exit(1)


def _check_options(protocol: str, only_colour: dict[str, object], train: Path | None) -> None:
    """Refuse options that the protocol has no use for."""
    nir = protocol == NIR_PROTOCOL
    useless = [option for option, value in only_colour.items() if value is not None] if nir else []
    if useless:
        raise typer.BadParameter(f"{useless[0]} belongs to protocols with colour hints; leave it out with {protocol}")
    if train and not nir:
        raise typer.BadParameter(f"--train belongs to {NIR_PROTOCOL}; leave it out with {protocol}")


def _hint_counts(text: str) -> list[int]:
    from ..metrics.protocols import MAX_HINTS

    counts = [int(count) if count.strip().isdecimal() else -1 for count in text.split(",")]
    if not all(0 <= count <= MAX_HINTS for count in counts):
        raise typer.BadParameter(f"--hints takes numbers from 0 to {MAX_HINTS}, such as 0,1,10,100; got {text!r}")
    return counts


def _load(name: str | None, device: str | None) -> "ColorizerModel":
    import torch

    from ..models.auto import load_model

    best = torch.accelerator.current_accelerator(check_available=True) or "cpu"
    return load_model(name).to(device or best)


def _lpips(files: dict[str, Path | None]) -> list["Lpips"]:
    """The distances whose trunk weights were given."""
    missing = [trunk for trunk, file in files.items() if file is None]
    for trunk in missing:
        option = f"--lpips-{trunk} FILE or COLORIZER_LPIPS_{trunk.upper()}"
        print(f"LPIPS ({trunk}) is left out: its network's weights were not given ({option})", file=sys.stderr)
    if len(missing) == len(files):
        return []
    from ..metrics.lpips import Lpips

    return [Lpips(trunk, file) for trunk, file in files.items() if file is not None]


def _run(
    photos: Path,
    limit: int | None,
    skipped: list[ImageError],
    network: "ColorizerModel",
    *,
    protocol: str,
    **options: Any,
) -> "EvaluationReport":
    """Evaluate under a progress bar; photographs that are left out are named, those that cannot be read `skipped`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ..metrics.photos import GrayPhotoError, count_photos, iterate_photos
    from ..metrics.protocols import PROTOCOLS, evaluate

    total = min(count_photos(photos), limit or sys.maxsize)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(protocol, total=total)

        def skip(error: ImageError) -> None:
            if not isinstance(error, GrayPhotoError):
                skipped.append(error)
            progress.console.print(str(error), markup=False, highlight=False, soft_wrap=True)

        source = iterate_photos(photos, limit, PROTOCOLS[protocol].size, on_skip=skip)
        return evaluate(
            network, source, protocol=protocol, progress=lambda done: progress.update(task, completed=done), **options
        )


_COLUMNS = (  # those that were not computed are left out; JSON has the rest
    Column("PSNR", "psnr", ".2f"),
    Column("±", "standard_error", ".2f"),
    Column("gain", "gain", "+.2f"),
    Column("SSIM", "ssim", ".4f"),
    Column("AE", "ae", ".2f"),
    Column("ΔE00", "ciede2000", ".2f"),
    Column("LPIPS alex", "lpips_alex", ".4f"),
    Column("LPIPS vgg", "lpips_vgg", ".4f"),
    Column("colourful", "colourfulness", ".1f"),
    Column("patchy", "patchiness", ".2f"),
)


def _print_table(report: "EvaluationReport") -> None:
    print(f"{report.model}, {report.protocol}, {report.images} photographs, seen at {report.size} px")
    print_measures(_table_rows(report), measured(_COLUMNS, report.rows))
    truth = report.rows[0].truth_colourfulness
    if truth is not None:
        print(f"The photographs' own colourfulness is {truth:.1f}.")


def _table_rows(report: "EvaluationReport") -> dict[str, "Measures"]:
    """The floors, the model and the ceiling."""
    floors = {f"{name} floor": report.references[name] for name in ("gray", "tone")}
    return (
        floors
        | {f"{row.hints} hint{'s' * (row.hints != 1)}": row for row in report.rows}
        | {"ceiling": report.references["ceiling"]}
    )


def _check_place(path: Path) -> None:
    """Refuse a place where nothing can be written before the long run rather than after it."""
    from tempfile import TemporaryFile

    with _failures_named(path):
        if not _is_stream(path):
            existing = next(folder for folder in path.resolve().parents if folder.exists())
            TemporaryFile(dir=existing).close()


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a link stays a link."""
    import secrets

    with _failures_named(path):
        if _is_stream(path):
            path.write_bytes(content)
            return
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _is_stream(path: Path) -> bool:
    """Whether it is a device or a pipe such as /dev/stdout, which a file must not replace."""
    return path.exists() and not path.is_file()


@contextmanager
def _failures_named(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ColorizerError(f"{path} cannot be written ({error.strerror}); choose another place") from error

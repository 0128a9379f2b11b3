"""Measure every budget of docs/architecture.md, both sides in this run: `make bench`.

It lies beside the tests because it checks promises as they do, but it only reports: how fast a machine is must not fail
a test suite. Times are the best of several interleaved rounds, so that a busy machine slows both sides alike.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor

    from colorizer_hf.engines.interface import Engine
    from colorizer_hf.models.base import ColorizerModel

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "colorizer_hf" / "webui" / "examples"
PORTRAIT = EXAMPLES / "migrant_family_1936.jpg"
MEGABYTE = 1e6

Row = dict[str, Any]


def row(name: str, budget: str, passed: bool, ours: float, unit: str, **more: Any) -> Row:
    return {"name": name, "budget": budget, "pass": bool(passed), "ours": ours, "unit": unit, **more}


def ratio_row(
    name: str,
    against: str,
    ours: float,
    reference: float,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Row:
    """A row that compares two times in seconds: `at_most` bounds ours over the reference, `at_least` the reverse."""
    if at_least is not None:
        ratio, budget = reference / ours, f"at least {at_least:g}x faster"
        passed = ratio >= at_least
    else:
        ratio, budget = ours / reference, f"at most {at_most:g}x"
        passed = at_most is not None and ratio <= at_most
    return row(name, budget, passed, ours, "s", against=against, reference=reference, ratio=ratio)


def best_times(rounds: int, *sides: Callable[[], object]) -> list[float]:
    """The shortest time of each side in seconds, measured in turn; one round before does not count."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds + 1):
        for side, taken in zip(sides, times, strict=True):
            start = time.perf_counter()
            side()
            taken.append(time.perf_counter() - start)
    return [min(taken[1:]) for taken in times]


def automatic_pass(model: "ColorizerModel", *, threads: int) -> Row:
    import torch

    from colorizer_hf.models.siggraph17 import Siggraph17Config, Siggraph17Model

    luminance = torch.rand(1, 1, 256, 256)
    # Without the class head, which an automatic result does not need.
    reference = Siggraph17Model(Siggraph17Config(class_head=False)).eval()
    usual = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            ours, theirs = best_times(8, lambda: model.decode(model.encode(luminance)), lambda: reference(luminance))
    finally:
        torch.set_num_threads(usual)
    name = f"flagship, 256x256, automatic, {threads} thread{'s' * (threads > 1)}"
    return ratio_row(name, "siggraph17 network, random weights", ours, theirs, at_least=20)


def hint_edit(model: "ColorizerModel") -> Row:
    import torch

    from colorizer_hf.chroma_upsampling import upsample_chroma
    from colorizer_hf.models.hint_batch import HintBatch

    luminance = photo_luminance(384)
    generator = torch.Generator().manual_seed(0)
    hints = HintBatch(
        points=torch.rand(1, 20, 2, generator=generator) * 2 - 1,
        chroma=torch.rand(1, 20, 2, generator=generator) - 0.5,
        radius=torch.full((1, 20), 0.01),
        mask=torch.ones(1, 20, dtype=torch.bool),
    )
    with torch.inference_mode():
        features = model.encode(luminance)

        def edit() -> "Tensor":
            return upsample_chroma(model.decode(features, hints, vividness=1.0).chroma, luminance)

        ours, automatic = best_times(15, edit, lambda: model.decode(model.encode(luminance), vividness=1.0))
    name = "hint edit: decode with 20 hints + upsample to 384"
    return ratio_row(name, "automatic pass at 384", ours, automatic, at_most=0.25)


def graph_engines(folder: Path) -> list[Row]:
    """What exported graphs take at 256 beside torch, on one thread: the automatic pass, and an edit with 20 hints."""
    import torch

    from colorizer_hf.engines.graphs import GraphEngine
    from colorizer_hf.engines.runtimes import RUNTIMES
    from colorizer_hf.engines.torch_engine import TorchEngine
    from colorizer_hf.hints import Hint, hints_to_arrays
    from colorizer_hf.models.auto import load_model

    random = np.random.default_rng(0)
    places = random.uniform(0, 255, (20, 2))
    dabs = [Hint(x, y, "#b03a2e", reach="alike") for x, y in places]
    none, known = hints_to_arrays([], (256, 256)), hints_to_arrays(dabs, (256, 256))
    luminance = photo_luminance(256).numpy()
    engines = [TorchEngine(load_model()), *(GraphEngine(folder, runtime) for runtime in RUNTIMES)]

    def automatic(engine: "Engine") -> Callable[[], object]:
        return lambda: engine.decode(engine.encode(luminance), none, vividness=0.7)

    def edit(engine: "Engine") -> Callable[[], object]:
        features = engine.encode(luminance)
        return lambda: engine.decode(features, known, vividness=0.7)

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        passes = best_times(15, *(automatic(engine) for engine in engines))
        edits = best_times(15, *(edit(engine) for engine in engines))
    finally:
        torch.set_num_threads(usual)
    rows = []
    for runtime, at_least, ours, one_edit in zip(RUNTIMES, (1.8, 2.2), passes[1:], edits[1:], strict=True):
        rows.append(ratio_row(f"{runtime}, automatic at 256", "torch", ours, passes[0], at_least=at_least))
        rows.append(ratio_row(f"{runtime}, edit with 20 hints", "torch", one_edit, edits[0], at_most=1.2))
    return rows


def cold_start(graphs: Path, folder: Path) -> list[Row]:
    """One photograph from the shell without torch, against the import of what it does without."""
    photo = folder / "cold.jpg"
    Image.open(PORTRAIT).convert("L").resize((600, 400)).save(photo)
    colorizer = Path(sys.executable).with_name("colorizer")
    options = ["--engine", "onnx", "--model", graphs, "--overwrite", "-o", folder / "warm.jpg"]
    command = [colorizer, "colorize", photo, *options]
    imports = [sys.executable, "-c", "import torch, transformers"]

    def run(command: list[Any]) -> Callable[[], object]:
        return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    ours, reference = best_times(5, run(command), run(imports))
    name = "colorizer colorize one.jpg --engine onnx"
    return [ratio_row(name, "python -c 'import torch, transformers'", ours, reference, at_least=3)]


def pages(graphs: Path, folder: Path) -> list[Row]:
    """A photo of 12 megapixels on the page without a server, and on the one with."""
    from tests.bench_pages import measure_pages

    photo = folder / "tab.jpg"
    make_large_photo(photo, "L")
    waits = measure_pages(graphs, folder / "pages", photo)
    if waits is None:
        return []
    tab, server = waits
    dab = ratio_row("dab in a tab, fitted", "page with a server", tab.dab, server.dab, at_most=1)
    return [
        ratio_row(
            "first colours of 12 megapixels in a tab", "page with a server", tab.colours, server.colours, at_most=4
        ),
        dab | {"budget": "at most 0.15 s", "pass": bool(tab.dab <= 0.15)},
    ]


def exported_graphs(folder: Path) -> Path:
    """Those that `make graphs` has made, or made now."""
    from colorizer_hf.engines.exporting import export_checkpoint
    from colorizer_hf.engines.manifest import find_graphs

    found = find_graphs(None)
    if found is None:
        found = folder / "graphs"
        export_checkpoint(None, found)
    return found


def photo_luminance(size: int) -> "Tensor":
    import torch

    from colorizer_hf.color import lightness_table

    codes = np.asarray(Image.open(PORTRAIT).convert("L").resize((size, size), Image.Resampling.LANCZOS))
    return torch.from_numpy(lightness_table(np.uint8)[codes])[None, None]


def make_large_photo(path: Path, mode: str) -> None:
    """A 12-megapixel JPEG: an example photograph enlarged by Lanczos, with a scan's grain in each channel.

    The grain of 5 codes brings the file to 4 or 5 MB, as photographs of that size have.
    """
    with Image.open(PORTRAIT) as portrait:
        pixels = np.array(portrait.convert(mode).resize((4000, 3000), Image.Resampling.LANCZOS))
    generator = np.random.default_rng(0)
    for rows in pixels:  # row by row: `peak_memory` wants this process small
        rows[:] = (rows + generator.normal(0, 5, rows.shape)).round().clip(0, 255)
    Image.fromarray(pixels).save(path, quality=95)


def large_photo(folder: Path, mode: str) -> Row:
    from colorizer_hf import ColorizationPipeline

    source, ours_out, pillow_out = folder / f"{mode}.jpg", folder / "ours.jpg", folder / "pillow.jpg"
    make_large_photo(source, mode)
    pipeline = ColorizationPipeline.from_pretrained()
    ours, pillow = best_times(
        4,
        lambda: pipeline(source).save(ours_out, quality=95),
        lambda: Image.open(source).save(pillow_out, quality=95),
    )
    name = f"12-megapixel JPEG -> JPEG, {'scanned in colour' if mode == 'RGB' else 'gray file'}"
    return ratio_row(name, "Pillow decode + encode", ours, pillow, at_most=5)


def page_stroke(folder: Path) -> Row:
    """The server's share of a stroke on the page: from its words to the picture's file, of 12 megapixels."""
    from colorizer_hf import ColorizationPipeline
    from colorizer_hf.webui.callbacks import Choices, Edits, edit
    from colorizer_hf.webui.workspace import Workspace

    source = folder / "page.jpg"
    make_large_photo(source, "L")
    choices = Choices("default", ColorizationPipeline.from_pretrained(), vividness=1.0)
    workspace = Workspace(folder / "tab")
    corners = [[0.3 + 0.02 * n, 0.4] for n in range(20)]
    stroke = {"color": "#b03030", "radius": 0.02, "points": corners}

    def automatic() -> None:
        workspace.open(source, keep=True)
        next(edit(workspace, Edits.parse({"revision": 1}), choices))

    def paint() -> None:
        next(edit(workspace, Edits.parse({"revision": 2, "strokes": [stroke], "touched": corners[-1]}), choices))

    reference, ours = best_times(5, automatic, paint)
    return ratio_row(
        "page: stroke -> updated picture, server", "photo -> first picture, server", ours, reference, at_most=0.5
    )


_CHILD = """
import resource, sys
from colorizer_hf import ColorizationPipeline
ColorizationPipeline.from_pretrained()(sys.argv[1]).save(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_memory(folder: Path) -> Row:
    """Of a process that does nothing but colorize one 12-megapixel photograph, interpreter and libraries included."""
    source = folder / "peak.jpg"
    make_large_photo(source, "RGB")
    command = [sys.executable, "-c", _CHILD, str(source), str(folder / "out.jpg")]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    # Linux hands a parent's peak down to its children; this process must have been smaller to know theirs.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < peak
    peak *= 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return row("12-megapixel JPEG -> JPEG, peak RSS", "at most 1200 MB", peak <= 1.2e9, peak / MEGABYTE, "MB")


_ONE_COMMAND_APP = '''
import typer
app = typer.Typer(rich_markup_mode=None, add_completion=False)
@app.command()
def hello(name: str) -> None:
    """Say hello."""
app()
'''


def help_page(folder: Path) -> Row:
    script = folder / "one_command.py"
    script.write_text(_ONE_COMMAND_APP)

    def run(*command: str | Path) -> Callable[[], object]:
        return lambda: subprocess.run([*command, "--help"], stdout=subprocess.DEVNULL, check=True)

    colorizer = Path(sys.executable).with_name("colorizer")
    ours, reference = best_times(15, run(colorizer), run(sys.executable, script))
    return ratio_row("colorizer --help", "one-command typer app", ours, reference, at_most=1.3)


def import_cost() -> Row:
    code = "import sys, colorizer_hf\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = run.stdout.split()
    heavy = sorted({"torch", "transformers", "gradio", "diffusers"} & set(modules))
    return row(
        "import colorizer_hf",
        "none of torch, transformers, gradio, diffusers",
        not heavy,
        len(modules),
        "modules",
        heavy=heavy,
    )


def checkpoint_size() -> Row:
    sizes = [file.stat().st_size for file in (ROOT / "colorizer_hf" / "checkpoints").glob("*/*.safetensors")]
    largest = max(sizes, default=0) / MEGABYTE
    return row("largest bundled checkpoint", "at most 20 MB", 0 < largest <= 20, largest, "MB")


def luminance_kept() -> Row:
    """Over all example photographs; what an 8-bit file can hold lies in the gamut by itself."""
    import torch

    from colorizer_hf import ColorizationPipeline
    from colorizer_hf.color import lightness_table, rgb_to_lab
    from colorizer_hf.imaging import read

    pipeline = ColorizationPipeline.from_pretrained()
    worst = 0.0
    for path in sorted(EXAMPLES.glob("*.jpg")):
        before = torch.from_numpy(lightness_table(np.uint8)[read(path).luminance])
        pixels = torch.from_numpy(pipeline(path).pixels).permute(2, 0, 1)[None]
        after, _ = rgb_to_lab(pixels.float() / 255)
        worst = max(worst, float((after[0, 0] - before).abs().max()) * 100)
    return row("luminance of output vs input, largest difference", "at most 1 of 100", worst <= 1, worst, "L")


def measure(folder: Path) -> list[Row]:
    memory = peak_memory(folder)  # first, while this process itself is still small
    import torch

    from colorizer_hf import ColorizationPipeline

    torch.manual_seed(0)
    model = ColorizationPipeline.from_pretrained().model  # in the memory layout that people get
    graphs = exported_graphs(folder)
    return [
        automatic_pass(model, threads=1),
        automatic_pass(model, threads=2),
        hint_edit(model),
        *graph_engines(graphs),
        *cold_start(graphs, folder),
        *pages(graphs, folder),
        large_photo(folder, "RGB"),
        large_photo(folder, "L"),
        page_stroke(folder),
        memory,
        help_page(folder),
        import_cost(),
        checkpoint_size(),
        luminance_kept(),
    ]


def print_rows(rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "budget", "ratio", "ours", "against", "", "", box=None, padding=(0, 2, 0, 0))
    for entry in rows:
        ratio = f"{entry['ratio']:.2f}" if "ratio" in entry else ""
        reference = f"{entry['reference']:.3g} {entry['unit']}" if "reference" in entry else ""
        ours, verdict = f"{entry['ours']:.3g} {entry['unit']}", "pass" if entry["pass"] else "MISSED"
        table.add_row(entry["name"], entry["budget"], ratio, ours, entry.get("against", ""), reference, verdict)
    Console(width=180).print(table)


def main() -> None:
    # Threads that spin while they wait slow each other down wherever something else runs as well.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=ROOT / "out" / "bench.json", help="where the rows are written")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    print_rows(rows)
    import torch

    machine = {"python": platform.python_version(), "torch": torch.__version__, "threads": torch.get_num_threads()}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
    print(f"{arguments.json} has the same as JSON")


if __name__ == "__main__":
    main()

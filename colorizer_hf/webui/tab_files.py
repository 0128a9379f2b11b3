"""The page without a server (tab/), as files: the stage, what works in a tab instead of Python, the graphs."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from markdown_it import MarkdownIt

from ..amounts import DEFAULT_VIVIDNESS
from ..bundled import CHECKPOINTS, DEFAULT_CHECKPOINT, NIR_CHECKPOINT
from ..colorizer import Colorizer
from ..engines.manifest import Manifest, find_graphs
from ..errors import CheckpointError
from ..imaging import metadata_words
from ..new_folders import check_is_new, written_whole
from . import stage_files
from .examples_shown import offered_example
from .files import EXAMPLES, find_example
from .libraries import LIBRARIES, LICENSES

FOLDER = Path(__file__).parent / "tab"
ASSETS = Path(__file__).parent / "assets"
MODELS = (DEFAULT_CHECKPOINT, NIR_CHECKPOINT)  # the first is loaded at once, others when they are chosen
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; "
    "img-src 'self' blob: data:; style-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
_AT_THE_ROOT = ("index.html", "service_worker.js", "icon.svg")
EXAMPLES_OFFERED = (  # all of them would be loaded by everybody
    "coffee_cup.jpg",
    "colorado_mountains_1941.jpg",
    "migrant_family_1936.jpg",
    "paris_street_1880.jpg",
)

Files = dict[str, bytes]
"""By their paths relative to the page."""


@dataclass(frozen=True)
class Weight:
    """What a part of the page weighs.

    Attributes:
        part: What it is.
        size: Bytes.
        packed: Bytes over the wire, as gzip packs them.
    """

    part: str
    size: int
    packed: int


def export_page(output: Path, npm: Path, graphs: Mapping[str, Path] | None = None) -> list[Weight]:
    """Write the page with everything that it needs; any server of files can then serve it.

    Args:
        output: Folder; there must be nothing in it.
        npm: Folder into which npm installed what package.json names.
        graphs: Exported graphs by the name of their network, the default first; None takes those beside the bundled
            checkpoints.

    Returns:
        What its parts weigh: first those that every visitor loads, then those that are loaded when they are asked for.

    Raises:
        CheckpointError: the folder is taken, or a network has no graphs.
        ColorizerError: what comes from npm is not there.
    """
    check_is_new(output)
    graphs = graphs or {name: _bundled_graphs(name) for name in MODELS}
    parts = {
        "the page": _page_files(),
        **{library.name: library.read(npm) for library in LIBRARIES},
        "example photographs": {f"examples/{path.name}": path.read_bytes() for path in _examples()},
        **{f"the network {name}": _graph_files(name, folder) for name, folder in graphs.items()},
    }
    later = [f"the network {name}" for name in graphs][1:]
    version = _digest(parts.values())
    folder = f"app-{version}"
    inside = {part: {f"{folder}/{path}": content for path, content in files.items()} for part, files in parts.items()}
    root = _root_files(folder, version, graphs, [path for part in inside if part not in later for path in inside[part]])
    inside["the page"] |= root
    _write(output, [*inside.values(), {"LICENSES.txt": _licenses(graphs).encode()}])
    return [_weight(part, files) for part, files in inside.items()]


def _page_files() -> Files:
    stage = {name: text for name, text in stage_files.modules().items() if name not in stage_files.FOR_GRADIO}
    tab = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.js") if path.name not in _AT_THE_ROOT}
    styles = [(FOLDER / "page.css").read_text("utf-8"), (ASSETS / "page.css").read_text("utf-8"), stage_files.style()]
    files = {f"stage/{name}": text for name, text in stage.items()}
    files |= {f"tab/{name}": text for name, text in tab.items()}
    files |= {"tab/package_words.js": _package_words(), "page.css": "\n".join(styles)}
    return {path: text.encode() for path, text in sorted(files.items())}


def _package_words() -> str:
    """The module that tells the page what the package says of metadata, and what of them is not true any more."""
    words = metadata_words.for_pages().items()
    return "".join(f"export const {name} = {json.dumps(value)};\n" for name, value in words)


def _examples() -> list[Path]:
    return [find_example(name) for name in EXAMPLES_OFFERED]


def _bundled_graphs(name: str) -> Path:
    folder = find_graphs(name)
    if folder is None:
        raise CheckpointError(f"{name} has no graphs of its weights; make them with `colorizer export {name}`")
    return folder


def _graph_files(name: str, folder: Path) -> Files:
    return {f"graphs/{name}/{path}": (folder / path).read_bytes() for path in Manifest.read(folder).files}


def _digest(parts: Iterable[Files]) -> str:
    """A name for this version of the page: browsers never mix two."""
    digest = hashlib.sha256()
    for files in parts:
        for path, content in files.items():
            digest.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    for name in _AT_THE_ROOT:
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()[:16]


def _root_files(folder: str, version: str, graphs: Mapping[str, Path], kept: Sequence[str]) -> Files:
    """What has fixed addresses.

    Args:
        folder: Where everything else is.
        version: Of the page.
        graphs: By network.
        kept: What browsers keep.
    """
    index = Template((FOLDER / "index.html").read_text("utf-8")).substitute(
        policy=POLICY,
        folder=folder,
        facts=json.dumps(_facts(graphs)).replace("</", "<\\/"),
        stage=stage_files.template(),
        about=MarkdownIt().render("\n".join(part.read_text("utf-8") for part in _ABOUT)),
    )
    addresses = ["./", "index.html", "manifest.webmanifest", "icon.svg", *kept]
    constants = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(addresses)};\n\n"
    worker = constants + (FOLDER / "service_worker.js").read_text("utf-8")
    texts = {"index.html": index, "service_worker.js": worker, "manifest.webmanifest": json.dumps(_MANIFEST)}
    files = {name: text.encode() for name, text in texts.items()}
    return files | {"icon.svg": (FOLDER / "icon.svg").read_bytes()}


_ABOUT = (ASSETS / "about.md", FOLDER / "your_photos.md")

_MANIFEST = {
    "name": "Colorizer",
    "short_name": "Colorizer",
    "description": "Colour for photographs that have none, calculated in the browser",
    "start_url": "./",
    "display": "standalone",
    "background_color": "#ffffff",
    "theme_color": "#0f766e",
    "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
}


def _facts(graphs: Mapping[str, Path]) -> dict[str, Any]:
    """What the stage is told once."""
    manifests = {name: Manifest.read(path) for name, path in graphs.items()}
    models = [
        {"name": name, "kind": manifest.traits.modality, "boxes": False, "graphs": list(manifest.graphs)}
        for name, manifest in manifests.items()
    ]
    colorizer = Colorizer.from_pretrained(next(iter(graphs.values())), engine="onnx")
    examples = [offered_example(path, colorizer) for path in _examples()]
    return {"models": models, "examples": examples, "vividness": DEFAULT_VIVIDNESS}


def _licenses(graphs: Mapping[str, Path]) -> str:
    lines = ["The page itself is under the Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0", ""]
    for name in graphs:
        manifest = CHECKPOINTS / name / "manifest.json"
        if manifest.is_file():
            lines.append(f"The network {name}: {json.loads(manifest.read_text('utf-8'))['license']}")
    examples = (EXAMPLES / "LICENSES.md").read_text("utf-8")
    return "\n".join([*lines, "", LICENSES.read_text("utf-8"), "The example photographs:", "", examples])


def _write(output: Path, parts: Iterable[Files]) -> None:
    with written_whole(output) as folder:
        for files in parts:
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)


def _weight(part: str, files: Files) -> Weight:
    packed = [len(gzip.compress(content, 6, mtime=0)) for content in files.values()]
    sizes = [len(content) for content in files.values()]
    return Weight(part, sum(sizes), sum(min(pair) for pair in zip(sizes, packed, strict=True)))


__all__ = ["Weight", "export_page"]

"""The code in a published repository, with which transformers runs a checkpoint where this package is not installed.

transformers does so when it is given `trust_remote_code=True`, and it has rules for such code:

* All files lie in one folder: `imaging/reading.py` becomes `imaging_reading.py`, and imports are rewritten to match.
* Every package that a file imports must be installed before anything of the file runs, even if the import stands in a
  function that is never called. Only imports under `try` are exempt, so those that few photographs need go there.

The registry of networks, the downloads and the pushes stay behind, and with them what uses them: transformers itself
loads and registers what it finds in a repository. So `ColorizationPipeline` travels without `from_pretrained`.
"""

import ast
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..image_processing import ColorizerImageProcessor
from ..models.auto import ARCHITECTURES
from ..models.chromaformer import ChromaFormerModel
from ..pipeline import TASK, ColorizationPipeline
from ..version import __version__

PACKAGE = Path(__file__).parents[1]
STAY_BEHIND = {"models.auto", "models.fetching", "hub.publishing"}
OPTIONAL = {"imagecodecs", "kornia", "tifffile"}  # packages that are imported where they are needed, inside functions

# ImageError goes by another name here, because a name that a function imports is unknown in it until then.
_UNDER_TRY = """\
{indent}try:
{indent}    {statement}
{indent}except ImportError as error:
{indent}    from .errors import ImageError as PackageMissing

{indent}    raise PackageMissing("this needs {package}, which is not installed: pip install {package}") from error"""


def write_remote_code(folder: Path) -> None:
    """Add the code to a checkpoint that will be published, and say in its JSON files which class is where.

    Only to such a one: `transformers.pipeline` wants `trust_remote_code=True` for it even where this package is
    imported.

    Args:
        folder: As `ColorizationPipeline.save_pretrained` writes it; code of an earlier call is overwritten.
    """
    config = folder / "config.json"
    network = ARCHITECTURES[json.loads(config.read_text(encoding="utf-8"))["model_type"]]
    _add_to_json(
        config,
        auto_map={"AutoConfig": _reference(network.config), "AutoModel": _reference(network.model)},
        custom_pipelines={TASK: {"impl": _reference(ColorizationPipeline), "pt": ["AutoModel"], "type": "image"}},
    )
    auto_map = {"AutoImageProcessor": _reference(ColorizerImageProcessor)}
    _add_to_json(folder / "preprocessor_config.json", auto_map=auto_map)
    for name, text in remote_files([network.model, ColorizerImageProcessor, ColorizationPipeline]).items():
        (folder / name).write_text(text, encoding="utf-8")


def write_sampler_code(folder: Path) -> None:
    """Add the code to a sampler that will be published, so that diffusers runs it without this package.

    diffusers looks for the pipeline's class beside `model_index.json`, and for those of components in their folders. An
    image processor is left out, because it would need half of this package in its folder: the pipeline makes its own.

    Args:
        folder: As `ColorizationDiffusionPipeline.save_pretrained` writes it.
    """
    from ..diffusion_pipeline import ColorizationDiffusionPipeline  # diffusers is not installed everywhere

    _write_for_diffusers(ColorizationDiffusionPipeline, folder)
    _write_for_diffusers(ChromaFormerModel, folder / "encoder")
    shutil.rmtree(folder / "processor", ignore_errors=True)
    classes = {"_class_name": ColorizationDiffusionPipeline, "encoder": ChromaFormerModel}
    entries = {name: _reference(cls).split(".") for name, cls in classes.items()}
    _add_to_json(folder / "model_index.json", **entries, processor=[None, None])


def _write_for_diffusers(cls: type, folder: Path) -> None:
    """The files that define a class, all named in the one with the class itself: others are left behind on loading."""
    files = remote_files([cls])
    entry = f"{_flat(_module(cls))}.py"
    others = [f"    from .{name.removesuffix('.py')} import __name__" for name in files if name != entry]
    files[entry] += "\n".join(["", "def _taken_along() -> None:", *others, ""])
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def remote_files(classes: Iterable[type]) -> dict[str, str]:
    """The files that define classes of this package, and all that those files import: names and texts."""
    modules = [_module(cls) for cls in classes]
    texts: dict[str, str] = {}
    while modules:
        module = modules.pop()
        if module not in texts:
            texts[module], imported = _flat_text(module)
            modules += imported
    return {f"{_flat(module)}.py": text for module, text in sorted(texts.items())}


def _flat_text(module: str) -> tuple[str, list[str]]:
    """A module's text for the flat folder, and the modules of this package that it imports."""
    path = _path(module)
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    lines = dict(enumerate(source.split("\n"), start=1))
    for statement in _staying_behind(tree, path):
        first = min(node.lineno for node in (statement, *getattr(statement, "decorator_list", ())))
        for number in range(first, (statement.end_lineno or first) + 1):
            del lines[number]

    imported = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom) or node.lineno not in lines:
            continue
        line = lines[node.lineno]
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            target = _absolute(node, path)
            imported.append(target)
            lines[node.lineno] = re.sub(r"from \S+", f"from .{_flat(target)}", line, count=1)
        elif packages := _packages(node) & OPTIONAL:
            indent, package = " " * node.col_offset, ", ".join(packages)
            lines[node.lineno] = _UNDER_TRY.format(indent=indent, statement=line.strip(), package=package)
    header = f"# Generated from colorizer_hf/{path.relative_to(PACKAGE).as_posix()} of version {__version__}."
    return "\n".join([header, *lines.values()]), imported


def _staying_behind(tree: ast.Module, path: Path) -> Iterator[ast.stmt]:
    """The statements, of the module or of a class, that import from the modules that stay behind or use those names."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level > 0]
    names = {alias.name for node in imports if _absolute(node, path) in STAY_BEHIND for alias in node.names}
    for outer in tree.body:
        for statement in outer.body if isinstance(outer, ast.ClassDef) else [outer]:
            nodes = list(ast.walk(statement))
            used = {node.id for node in nodes if isinstance(node, ast.Name)}
            if names & (used | {node.name for node in nodes if isinstance(node, ast.alias)}):
                yield statement


def _packages(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The installed packages that an absolute import asks for."""
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {module.split(".")[0] for module in modules}


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    """The dotted name, inside this package, of what a relative import in a file imports from."""
    above = path.relative_to(PACKAGE).parts[: -node.level]
    return ".".join((*above, node.module)) if node.module else ".".join(above)


def _path(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _module(cls: type) -> str:
    """The dotted name, inside this package, of the module that defines a class."""
    return cls.__module__.split(".", 1)[1]


def _flat(module: str) -> str:
    return module.replace(".", "_")


def _reference(cls: type) -> str:
    """A class as transformers' JSON files name it."""
    return f"{_flat(_module(cls))}.{cls.__name__}"


def _add_to_json(path: Path, **entries: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8")) | entries
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


__all__ = ["remote_files", "write_remote_code", "write_sampler_code"]

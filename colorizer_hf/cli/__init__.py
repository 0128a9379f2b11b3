"""The command line: one module per command, imported when it is called; what is heavy is imported inside commands."""

import os
import signal
import sys
import traceback
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import ColorizerError
from ..extras import command_for
from ..version import __version__

COMMANDS = {
    "colorize": ("colorize", "colorize", "Colorize photographs."),
    "convert": (
        "convert",
        "convert",
        "Convert published weights to a checkpoint; what they are is in docs/published_models.md.",
    ),
    "evaluate": (
        "evaluate",
        "evaluate",
        "Measure a model on colour photographs, beside a gray picture, a constant tone and the best it could reach.",
    ),
    "export": ("export", "export", "Export a checkpoint to ONNX graphs, which run without torch."),
    "export-web": ("export_web", "export_web", "Write the web page that works without a server."),
    "models": (
        "models",
        "models",
        "List the checkpoints that are bundled, downloaded or in given folders, and the networks.",
    ),
    "pull": ("hub", "pull", "Download a checkpoint, with graphs if it has some, into the cache and print its folder."),
    "push": ("hub", "push", "Publish a checkpoint: weights, graphs, code, model card, results, in one commit."),
    "push-space": ("hub", "push_space", "Publish the web page as a Hugging Face Space."),
    "video": ("video", "video", "Colorize a film."),
    "app": ("web_app", "web_app", "Serve the web page: upload a photo, sketch hints, see colour."),
}
"""Module and function of every command, and what its help begins with"""


class _Commands(TyperGroup):
    """Commands that are imported when they are called; until then their sentences stand for them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, _, sentence) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=sentence))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that a line of arguments calls."""
        name, _, rest = super().resolve_command(ctx, args)
        module, function, _ = COMMANDS[cast(str, name)]  # an unknown name has raised
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(name)(getattr(import_module(f".{module}", __package__), function))
        return name, typer.main.get_command(alone), rest


# Rich help would double the start-up time.
app = typer.Typer(
    cls=_Commands, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"colorizer {__version__}")
        raise typer.Exit


@app.callback()
def _colorizer(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere on the line.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Colour for photographs that have none.

    Exit codes: 0 everything went well, 1 something failed and was named, 2 the command line was wrong.
    """
    context.obj = debug


def main() -> None:
    """Run the command line; an error a user can act on, or a refusal of the system, ends as its one sentence."""
    # Threads that wait by spinning take the cores of others, on a busy machine for seconds; torch reads this on import.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Being terminated ends like Ctrl-C, by an exception: half-written files are taken away.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    _print_any_name()
    debug = "--debug" in sys.argv
    # Most people add it at the end of a line that has just failed.
    arguments = ["--debug"] * debug + [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(arguments)
    except ModuleNotFoundError as error:  # a light installation has only what `colorize` needs
        if debug or error.name is None or error.name.startswith("colorizer_hf"):
            raise
        package = error.name.partition(".")[0]
        print(f"colorizer: this needs {package}, which is not installed: {command_for(package)}", file=sys.stderr)
        sys.exit(1)
    except (ColorizerError, OSError) as error:
        if debug:
            traceback.print_exc()
        print(f"colorizer: {error}", file=sys.stderr)
        sys.exit(1)


def _print_any_name() -> None:
    """Let a file name that the terminal's or the pipe's encoding cannot show be printed escaped, not end the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None where it was closed
            stream.reconfigure(errors="backslashreplace")


__all__ = ["COMMANDS", "app", "main"]

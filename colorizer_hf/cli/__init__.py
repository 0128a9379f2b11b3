"""The command line: one module per command; what is heavy is imported inside the commands."""

import os
import signal
import sys
import traceback
from io import TextIOWrapper
from typing import Annotated

import typer

from ..errors import ColorizerError
from ..version import __version__
from .colorize import colorize
from .convert import convert
from .evaluate import evaluate
from .hub import pull, push, push_space
from .models import models
from .web_app import web_app

# Rich help would double the start-up time.
app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
for command in (colorize, convert, evaluate, models, pull, push, push_space):
    app.command()(command)
app.command("app")(web_app)


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


__all__ = ["app", "main"]

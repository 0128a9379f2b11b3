"""The command line as a whole: version, exit codes, errors without tracebacks."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from colorizer_hf import __version__
from colorizer_hf.cli import COMMANDS, main


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """The exit code."""
    monkeypatch.setattr(sys, "argv", ["colorizer", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


class TestMain:
    def test_version(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        assert run_main(monkeypatch, "--version") == 0
        assert capsys.readouterr().out == f"colorizer {__version__}\n"

    @pytest.mark.parametrize("arguments", [[], ["paint"], ["colorize"]])
    def test_wrong_usage_ends_with_code_2(self, monkeypatch: pytest.MonkeyPatch, arguments: list[str]):
        assert run_main(monkeypatch, *arguments) == 2

    def test_help_names_every_command_and_imports_none(self):
        code = "import sys, atexit; from colorizer_hf.cli import main; atexit.register(print, sys.modules); main()"
        run = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
        *page, modules = run.stdout.splitlines()
        assert [line.split()[0] for line in page[page.index("Commands:") + 1 :]] == list(COMMANDS)
        assert [module for module, _, _ in COMMANDS.values() if f"colorizer_hf.cli.{module}'" in modules] == []

    @pytest.mark.parametrize("name", COMMANDS)
    def test_what_help_says_of_a_command_is_how_its_own_help_begins(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
    ):
        assert run_main(monkeypatch, name, "--help") == 0
        page = " ".join(capsys.readouterr().out.split())
        assert COMMANDS[name][2] in page

    def test_a_mistyped_command_is_guessed(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        assert run_main(monkeypatch, "colorise") == 2
        assert "Did you mean 'colorize'?" in capsys.readouterr().err

    def test_models_lists_the_flagship_and_its_checkpoint(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        assert run_main(monkeypatch, "models") == 0
        assert "chromaformer" in capsys.readouterr().out


class TestTermination:
    def test_ends_by_an_exception_so_that_half_written_files_are_taken_away(self):
        code = """
import signal
from colorizer_hf.cli import main
try:
    main()
except SystemExit:
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        print("tidied")
"""
        run = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, text=True)
        assert run.stdout.splitlines()[-1] == "tidied"
        assert run.returncode == 143


class TestFileNames:
    @pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
    def test_that_the_output_cannot_show_are_printed_escaped(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
    ):
        monkeypatch.chdir(tmp_path)
        name = os.fsdecode(b"caf\xe9.png")  # Latin-1, as on old disks
        Image.new("L", (8, 8), 90).save(name)
        output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", output)
        assert run_main(monkeypatch, "colorize", name) == 0
        output.seek(0)
        assert output.read() == "colorized/caf\\udce9.png\n"
        assert (tmp_path / "colorized" / name).exists()


class TestErrors:
    ARGUMENTS = ("colorize", __file__, "--model", "no-such-model")

    def test_end_as_one_sentence(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        assert run_main(monkeypatch, *self.ARGUMENTS) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "no-such-model" in error

    def test_of_the_system_end_so_too(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ):
        folder = tmp_path / "gone"
        folder.mkdir()
        monkeypatch.chdir(folder)
        folder.rmdir()
        assert run_main(monkeypatch, "colorize", __file__) == 1
        assert capsys.readouterr().err == "colorizer: [Errno 2] No such file or directory\n"

    def test_show_their_traceback_with_debug(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        assert run_main(monkeypatch, *self.ARGUMENTS, "--debug") == 1
        assert "Traceback" in capsys.readouterr().err

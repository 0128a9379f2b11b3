"""The command line as a whole: version, exit codes, errors without tracebacks."""

import io
import os
import signal
import sys
from pathlib import Path

import pytest
from PIL import Image

from colorizer_hf import __version__
from colorizer_hf.cli import main


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

    def test_help_names_every_command(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        assert run_main(monkeypatch, "--help") == 0
        page = capsys.readouterr().out
        assert all(command in page for command in ("colorize", "evaluate", "models"))

    def test_models_lists_the_flagship_and_its_checkpoint(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        assert run_main(monkeypatch, "models") == 0
        assert "chromaformer" in capsys.readouterr().out


class TestTermination:
    def test_ends_by_an_exception_so_that_half_written_files_are_taken_away(self, monkeypatch: pytest.MonkeyPatch):
        before = signal.getsignal(signal.SIGTERM)
        try:
            run_main(monkeypatch, "--version")
            with pytest.raises(SystemExit) as end:
                signal.raise_signal(signal.SIGTERM)
        finally:
            signal.signal(signal.SIGTERM, before)
        assert end.value.code == 143


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

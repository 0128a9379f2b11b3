"""The command line as a whole: version, exit codes, errors without tracebacks."""

import sys

import pytest

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


class TestErrors:
    ARGUMENTS = ("colorize", __file__, "--model", "no-such-model")

    def test_end_as_one_sentence(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        assert run_main(monkeypatch, *self.ARGUMENTS) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "no-such-model" in error

    def test_show_their_traceback_with_debug(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        assert run_main(monkeypatch, *self.ARGUMENTS, "--debug") == 1
        assert "Traceback" in capsys.readouterr().err

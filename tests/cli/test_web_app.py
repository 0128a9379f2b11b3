"""`colorizer app`: where it listens, and how it refuses to start."""

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from colorizer_hf.cli import app
from tests.tiny_networks import save_instance_fusion
from tests.webui.servers import COMMAND, SECONDS_TO_END, serve


def run(*arguments: object, start: tuple[str, ...] = ("-m", "colorizer_hf")) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *start, "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestListening:
    def test_is_for_this_computer_only_unless_told_otherwise(self, tmp_path: Path) -> None:
        with serve(tmp_path, command=("-m", "colorizer_hf", "app")) as server:
            connections = psutil.Process(server.process.pid).net_connections()
        listening = [connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN]
        assert [(address.ip, f"http://127.0.0.1:{address.port}") for address in listening] == [
            ("127.0.0.1", server.url)
        ]


class TestEnd:
    def test_leaves_no_event_loop_to_be_cleared_away_with_a_traceback(self, tmp_path: Path) -> None:
        with serve(tmp_path, command=("-W", "always::ResourceWarning", *COMMAND)) as server:
            server.process.terminate()
            server.process.wait(SECONDS_TO_END)
        assert "unclosed event loop" not in server.output
        assert "Traceback" not in server.output


class TestRefusals:
    """One sentence each."""

    def test_a_port_that_is_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = run("--port", port)
        assert ended.returncode == 1
        assert ended.stderr == (
            f"colorizer: there is no listening on 127.0.0.1, port {port}; choose another --host or --port\n"
        )

    def test_a_model_that_does_not_exist(self) -> None:
        ended = run("--model", "no-such-model")
        assert ended.returncode == 1
        assert ended.stderr.startswith("colorizer: ")
        assert "no-such-model" in ended.stderr
        assert ended.stderr.count("\n") == 1

    def test_gradio_is_not_installed(self) -> None:
        without = "import sys; sys.modules['gradio'] = None; from colorizer_hf.cli import main; main()"
        ended = run(start=("-c", without))
        assert ended.returncode == 1
        assert ended.stderr == "colorizer: the web page needs Gradio; install colorizer_hf[ui]\n"

    def test_a_detector_for_models_that_want_no_boxes(self) -> None:
        ended = CliRunner().invoke(
            app, ["app", "--model", "chromaformer", "--detector", "somewhere", "--device", "cpu"]
        )
        assert str(ended.exception).startswith("no model here takes boxes (chromaformer); leave the detector out")

    def test_an_engine_of_graphs_with_what_only_torch_can_do(self) -> None:
        ended = CliRunner().invoke(app, ["app", "--engine", "onnx", "--detector", "somewhere"])
        assert ended.exit_code == 2
        assert "--detector needs the engine torch, not onnx" in ended.stderr

    def test_an_engine_for_which_a_model_has_no_graphs(self, tmp_path: Path) -> None:
        model = save_instance_fusion(tmp_path / "model")
        ended = CliRunner().invoke(app, ["app", "--engine", "onnx", "--model", str(model)])
        assert str(ended.exception).startswith(f"{model} has no graphs of its weights for the engine onnx; make them")

    @pytest.mark.parametrize("auth", ["family", "family:", ":secret", ""])
    def test_credentials_that_are_none(self, auth: str) -> None:
        ended = CliRunner().invoke(app, ["app", "--auth", auth])
        assert ended.exit_code == 2
        assert "Invalid value for --auth: it must be USER:PASSWORD" in ended.stderr

    @pytest.mark.parametrize(
        "arguments", [("--port", "0"), ("--port", "65536"), ("--max-size", "0"), ("--queue", "0"), ("--queue", "many")]
    )
    def test_numbers_out_of_range(self, arguments: tuple[str, str]) -> None:
        ended = CliRunner().invoke(app, ["app", *arguments])
        assert ended.exit_code == 2
        assert f"Invalid value for '{arguments[0]}'" in ended.stderr


@pytest.mark.parametrize("command", [("app",), ("colorize", "old.jpg"), ("evaluate", "photos")])
@pytest.mark.parametrize("device", ["toaster", "cuda:99", "meta"])
def test_every_command_refuses_a_device_that_is_not_there_in_the_same_words(
    command: tuple[str, ...], device: str
) -> None:
    ended = CliRunner().invoke(app, [*command, "--device", device])
    assert ended.exit_code == 2
    assert f"Invalid value for '--device': there is no device '{device}' here" in ended.stderr

import json
import os
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from colorizer_hf.cli.evaluate import evaluate
from colorizer_hf.errors import ColorizerError
from colorizer_hf.metrics.protocols import PROTOCOLS


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    """Folder of a small network with random weights."""
    from colorizer_hf.models.chromaformer import ChromaFormerConfig, ChromaFormerModel

    folder = tmp_path_factory.mktemp("models") / "tiny"
    config = ChromaFormerConfig(
        hidden_size=12, num_layers=1, num_heads=2, decoder_channels=[8, 8], decoder_depths=[1, 1], working_size=64
    )
    ChromaFormerModel(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(3):
        pixels = generator.integers(40, 220, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((50, 40), Image.Resampling.BICUBIC).save(folder / f"{index}.png")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


class TestEvaluate:
    def test_writes_the_agreed_json(self, photos, model, tmp_path):
        out = tmp_path / "results" / "out.json"
        result = run(photos, "--model", model, "--hints", "0,10", "--limit", 2, "--json", out)
        assert result.exit_code == 0, result.output
        report = json.loads(out.read_text())
        assert (report["protocol"], report["model"], report["images"]) == ("siggraph17", model, 2)
        assert [row["hints"] for row in report["rows"]] == [0, 10]
        for row in report["rows"]:
            assert row["gain"] == pytest.approx(row["psnr"] - row["gray_psnr"])
            assert row["lpips_alex"] is None
            assert all(row[key] is not None for key in ("mse", "ssim", "ae", "ciede2000", "colourfulness"))
        assert [path.name for path in out.parent.iterdir()] == ["out.json"]

    def test_gives_the_same_numbers_twice(self, photos, model, tmp_path):
        for name in ("one.json", "two.json"):
            run(photos, "--model", model, "--hints", "5", "--limit", 1, "--json", tmp_path / name)
        assert (tmp_path / "one.json").read_text() == (tmp_path / "two.json").read_text()

    def test_prints_floors_network_and_ceiling(self, photos, model):
        result = run(photos, "--model", model, "--hints", "0,10", "--protocol", "icolorit")
        lines = [line.strip() for line in result.stdout.splitlines()]
        subjects = ("gray floor", "tone floor", "0 hints", "10 hints", "ceiling")
        assert [name for line in lines for name in subjects if line.startswith(name)] == list(subjects)
        assert "icolorit, 3 photographs, seen at 64 px" in result.stdout

    def test_says_that_lpips_is_left_out(self, photos, model, monkeypatch):
        monkeypatch.delenv("COLORIZER_LPIPS_ALEX", raising=False)
        result = run(photos, "--model", model, "--hints", "0", "--limit", 1)
        assert "LPIPS (alex) is left out: its network's weights were not given (--lpips-alex FILE" in result.stderr

    def test_draws_the_plot(self, photos, model, tmp_path):
        out = tmp_path / "curve.png"
        assert run(photos, "--model", model, "--hints", "0,1", "--limit", 1, "--plot", out).exit_code == 0
        with Image.open(out) as picture:
            assert picture.format == "PNG"

    def test_names_unreadable_photographs_measures_the_others_and_exits_with_1(self, photos, model, tmp_path):
        (photos / "1.png").write_bytes(b"no picture")
        result = run(photos, "--model", model, "--hints", "0", "--json", tmp_path / "out.json")
        assert result.exit_code == 1
        assert f"{photos / '1.png'} cannot be read as a photograph" in result.stderr
        assert json.loads((tmp_path / "out.json").read_text())["images"] == 2

    @pytest.mark.parametrize("option", ["--json", "--plot"])
    @pytest.mark.parametrize("place", ["file/out", "x" * 300], ids=["below a file", "long name"])
    def test_refuses_a_place_where_it_cannot_write_before_the_run(self, photos, model, tmp_path, option, place):
        (tmp_path / "file").write_text("")
        result = run(photos, "--model", model, "--hints", "0", "--limit", 1, option, tmp_path / place)
        assert isinstance(result.exception, ColorizerError)
        assert f"{place} cannot be written (" in str(result.exception)
        assert not result.output
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "photos"]

    def test_leaves_no_folder_behind_when_the_run_fails(self, model, tmp_path):
        run(tmp_path / "nowhere", "--model", model, "--json", tmp_path / "results" / "out.json")
        assert list(tmp_path.iterdir()) == []

    def test_writes_into_a_pipe_and_does_not_replace_it(self, photos, model):
        reader, writer = os.pipe()
        result = run(photos, "--model", model, "--hints", "0", "--limit", 1, "--json", f"/dev/fd/{writer}")
        os.close(writer)
        assert result.exit_code == 0, result.output
        with open(reader) as pipe:  # noqa: PTH123 - a descriptor has no path
            assert json.load(pipe)["images"] == 1

    def test_a_link_stays_a_link_to_the_new_figures(self, photos, model, tmp_path):
        link = tmp_path / "latest.json"
        link.symlink_to("real.json")
        run(photos, "--model", model, "--hints", "0", "--limit", 1, "--json", link)
        assert link.is_symlink()
        assert json.loads((tmp_path / "real.json").read_text())["images"] == 1

    @pytest.mark.parametrize(
        "arguments",
        [("--hints", "0,501"), ("--hints", "ten"), ("--hints", ""), ("--protocol", "other"), ("--device", "toaster")],
    )
    def test_refuses_a_wrong_command_line_with_2(self, arguments, photos, model):
        result = run(photos, "--model", model, *arguments)
        assert result.exit_code == 2
        assert arguments[0] in result.stderr

    def test_offers_every_protocol(self):
        choices, *_ = get_args(get_type_hints(evaluate, include_extras=True)["protocol"])
        assert set(get_args(choices)) == set(PROTOCOLS)

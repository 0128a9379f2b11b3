"""The documentation does what it says: snippets run, links lead somewhere, every command and option is real."""

import json
import re
import shlex
import shutil
import tarfile
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from colorizer_hf import Hint
from colorizer_hf.cli import app
from colorizer_hf.hints import hints_to_json
from tests.film.films import Pan, photo, write_film
from tests.tiny_networks import save_detector, save_instance_fusion

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "colorizer_hf" / "webui" / "examples" / "LICENSES.md"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NEAR_INFRARED = (ROOT / "docs" / "near_infrared.md").read_text(encoding="utf-8")
METADATA = (ROOT / "docs" / "metadata.md").read_text(encoding="utf-8")
PYTHON = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
ARCHIVES = (ROOT / "docs" / "archives.md").read_text(encoding="utf-8")
FILM = (ROOT / "docs" / "film.md").read_text(encoding="utf-8")
NIR_EVALUATIONS = set(re.findall(r"`(train/results/chromaformer_nir/[^`]+-(?:val|dev)\.json)`", NEAR_INFRARED))
COMMANDS = [line for line in (README + NEAR_INFRARED + FILM + ARCHIVES).splitlines() if line.startswith("colorizer ")]
SNIPPETS = re.findall(r"```python\n(.*?)```", README + NEAR_INFRARED + PYTHON + METADATA + FILM, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the files that the documentation speaks of."""
    cup = ROOT / "colorizer_hf" / "webui" / "examples" / "coffee_cup.jpg"
    with Image.open(cup) as picture:
        for name in ("infrared.tif", "film/1.tif", "film/2.tif"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            picture.convert("L").save(tmp_path / name)
    Image.new("RGB", (60, 40), (176, 80, 48)).save(tmp_path / "colour.jpg")
    (tmp_path / "old-hints.json").write_text(hints_to_json([Hint(120, 80, "#b03a2e")], (600, 400)))
    Image.new("RGB", (60, 40), (176, 80, 48)).save(tmp_path / "frame.png")
    (tmp_path / "reel-hints.json").write_text("\n".join(re.findall(r"```json\n(.*?)```", FILM, re.DOTALL)))
    write_film(tmp_path / "reel.mp4", Pan(photo("astronaut", 100), 64, zooms=False, count=12).gray(), sound=True)
    (tmp_path / "shards").mkdir()
    with tarfile.open(tmp_path / "shards" / "photos-000.tar", "w") as shard:
        shard.add(tmp_path / "infrared.tif", "infrared.tif")
    for name in ("old.jpg", "scans/first.jpg", "scans/1920/second.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(cup, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestPagesThatRun:
    def test_has_commands_and_snippets(self):
        assert len(COMMANDS) >= 8
        assert len(SNIPPETS) >= 3

    @pytest.mark.parametrize("command", COMMANDS)
    def test_commands_run(self, desk: Path, command: str):
        # A hash that begins a word begins a comment, as in a shell.
        _, *arguments = shlex.split(re.sub(r"\s#.*", "", command))
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.stderr

    def test_snippets_run_one_after_another(self, desk: Path):
        save_instance_fusion(Path("instance_fusion"))
        save_detector(Path("detector"), (0.1, 0.2, 0.6, 0.9))
        names: dict[str, object] = {}
        for snippet in SNIPPETS:
            exec(compile(snippet, "documentation", "exec"), names)
        assert (desk / "new.jpg").exists()
        assert (desk / "colour.tif").exists()

    def test_names_every_command_of_the_command_line(self):
        names = {info.name or getattr(info.callback, "__name__", "") for info in app.registered_commands}
        assert {name.replace("_", "-") for name in names} <= set(re.findall(r"colorizer ([a-z-]+)", README))

    @pytest.mark.parametrize("target", re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    def test_targets_are_in_the_makefile(self, target: str):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_example_photograph_has_its_source_and_licence():
    page = (ROOT / "colorizer_hf" / "webui" / "examples" / "LICENSES.md").read_text(encoding="utf-8")
    photos = {path.name for path in (ROOT / "colorizer_hf" / "webui" / "examples").iterdir()} - {"LICENSES.md"}
    assert photos == set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))


def test_the_model_card_has_the_figures_of_the_evaluations_that_it_names():
    card = (ROOT / "model_card.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(train/results/chromaformer/[^`]+-(?:imagenet|icolorit|held-out)\.json)`", card))
    assert len(named) == 3
    for name in named:
        for row in json.loads((ROOT / name).read_text(encoding="utf-8"))["rows"]:
            assert f"| {row['hints']} | {row['psnr']:.2f} | {row['gain']:+.2f} | {row['ssim']:.4f} |" in card


def test_the_figures_of_the_bundled_checkpoint_are_those_of_its_evaluation():
    manifest = json.loads((ROOT / "colorizer_hf" / "checkpoints" / "chromaformer" / "manifest.json").read_text())
    result = ROOT / manifest["result"]
    evaluation = json.loads(result.with_name(f"{result.stem}-development.json").read_text())
    measured = {f"gain_{row['hints']}": row["gain"] for row in evaluation["rows"]}
    measured["gray_psnr"] = evaluation["references"]["gray"]["psnr"]
    for name, figure in manifest["metrics"].items():
        assert figure == pytest.approx(measured[name], abs=0.006)


def test_the_page_on_near_infrared_has_the_figures_of_its_evaluations():
    assert len(NIR_EVALUATIONS) == 2
    for name in NIR_EVALUATIONS:
        row = json.loads((ROOT / name).read_text(encoding="utf-8"))["rows"][0]
        for label, one in {"NIR copied": row["references"]["nir_copied"], "**`chromaformer_nir`**": row}.items():
            assert f"| {label} | {one['psnr']:.2f} | {one['luma_psnr']:.2f} | {one['ssim']:.3f} |" in NEAR_INFRARED


def test_the_near_infrared_checkpoint_beats_every_floor_on_colour():
    for name in NIR_EVALUATIONS:
        row = json.loads((ROOT / name).read_text(encoding="utf-8"))["rows"][0]
        floors = [row["references"][name] for name in ("nir_copied", "nir_toned", "nir_table")]
        for measure in ("angle", "ciede2000", "lpips_alex"):
            assert row[measure] < min(floor[measure] for floor in floors)

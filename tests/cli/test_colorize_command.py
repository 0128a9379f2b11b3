"""`colorizer colorize` as a person uses it."""

import json
import os
import pty
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from colorizer_hf.errors import ImageError
from colorizer_hf.hints import Hint, hints_to_json
from colorizer_hf.imaging import read

WIDTH, HEIGHT = 90, 60


def gray(seed: int = 0) -> Image.Image:
    """A picture with edges, slopes and grain."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = 40 + 1.5 * x + 60 * (y > HEIGHT // 2) + np.random.default_rng(seed).normal(0, 3, y.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def with_alpha(mode: str) -> Image.Image:
    picture = gray().convert(mode)
    picture.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))))
    return picture


def write_rotated(path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # turn by 90 degrees to be upright
    gray().save(path, exif=exif)


def write_sixteen_bit_png(path: Path) -> None:
    Image.fromarray(np.asarray(gray()).astype(np.uint16) * 257).save(path)


def write_pages(path: Path) -> None:
    gray().save(path, save_all=True, append_images=[gray(1), gray(2)])


GOOD: dict[str, Callable[[Path], object]] = {
    "alpha.png": lambda path: with_alpha("RGB").save(path),
    "alpha.webp": lambda path: with_alpha("RGB").save(path, lossless=True),
    "animated.gif": write_pages,
    "cmyk.jpg": lambda path: gray().convert("CMYK").save(path),
    "colour.jpg": lambda path: gray().convert("RGB").save(path),
    "fax.tif": lambda path: gray().convert("1").save(path, compression="group4"),
    "gray.bmp": lambda path: gray().save(path),
    "gray.jpg": lambda path: gray().save(path),
    "gray.png": lambda path: gray().save(path),
    "gray.webp": lambda path: gray().convert("RGB").save(path),
    "gray_alpha.png": lambda path: with_alpha("L").save(path),
    "one_bit.png": lambda path: gray().convert("1").save(path),
    "pages.tiff": write_pages,
    "palette.gif": lambda path: gray().convert("P").save(path),
    "palette.png": lambda path: gray().convert("RGB").quantize(16).save(path),
    "progressive.jpeg": lambda path: gray().save(path, progressive=True),
    "rotated.jpg": write_rotated,
    "sixteen_bit.png": write_sixteen_bit_png,
    "sixteen_bit.tif": lambda path: tifffile.imwrite(path, np.asarray(gray()).astype(np.uint16) * 257),
    "UPPER CASE.JPG": lambda path: gray().save(path, "JPEG"),
}


def write_truncated(path: Path) -> None:
    gray().resize((900, 600)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def write_huge_header(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 65500, 65500, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def write_empty_tiff(path: Path) -> None:
    tags = [(256, 0), (257, 0), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 0)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0))


BAD: dict[str, Callable[[Path], object]] = {
    "dangling.jpg": lambda path: path.symlink_to(path.with_name("nowhere.jpg")),
    "empty.jpg": lambda path: path.touch(),
    "huge.png": write_huge_header,
    "text.png": lambda path: path.write_text("This is a letter, not a picture.\n" * 20),
    "truncated.jpg": write_truncated,
    "zero.tif": write_empty_tiff,
}


@dataclass(frozen=True)
class Run:
    code: int
    stdout: str
    stderr: str
    photos: Path
    results: Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One real run of the command over the whole folder."""
    folder = tmp_path_factory.mktemp("folder")
    photos, results = folder / "photos", folder / "results"
    photos.mkdir()
    for name in ("readme.txt", "catalogue.xyz", "list.xyz", "._gray.jpg", ".DS_Store"):
        (photos / name).write_text("not asked for")
    (photos / "folder.jpg").mkdir()
    for name, make in {**GOOD, **BAD}.items():
        make(photos / name)
    command = [sys.executable, "-m", "colorizer_hf", "colorize", str(photos), "--output", str(results)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr, photos, results)


class TestFolderWithGoodAndBadFiles:
    def test_ends_with_code_1(self, run: Run):
        assert run.code == 1, run.stderr

    def test_writes_the_good_ones_and_nothing_else(self, run: Run):
        assert sorted(os.listdir(run.results)) == sorted(GOOD)  # noqa: PTH208 - hidden and partial files too

    def test_prints_what_it_wrote(self, run: Run):
        assert sorted(run.stdout.splitlines()) == sorted(str(run.results / name) for name in GOOD)

    @pytest.mark.parametrize("name", BAD)
    def test_names_each_bad_one_in_one_line(self, run: Run, name: str):
        assert sum(name in line for line in run.stderr.splitlines()) == 1
        assert run.stderr.count(name) == 1

    def test_says_nothing_else_but_notes_about_good_ones_and_what_was_left_out(self, run: Run):
        paths = [str(run.photos / name) for name in (*GOOD, *BAD)]
        *lines, count, last = run.stderr.splitlines()
        assert count.startswith(f"{len(GOOD) + len(BAD)} photographs in ")
        assert count.endswith(f"/s), {len(BAD)} of them failed")
        assert [line for line in lines if not any(path in line for path in paths)] == []
        assert last == "5 files of other kinds were left out: .xyz, hidden, .txt"
        assert "Traceback" not in run.stderr

    def test_results_failures_and_what_was_left_out_are_all_files(self, run: Run):
        failed = sum(any(str(run.photos / name) in line for line in run.stderr.splitlines()) for name in BAD)
        files = [path for path in run.photos.iterdir() if not path.is_dir()]
        assert len(run.stdout.splitlines()) + failed + 5 == len(files)

    def test_notes_that_only_the_first_of_several_pages_was_read(self, run: Run):
        noted = {line.split(":")[0].rsplit("/", 1)[-1] for line in run.stderr.splitlines() if "1 of 3" in line}
        assert noted == {"animated.gif", "pages.tiff"}

    @pytest.mark.parametrize("name", GOOD)
    def test_keeps_format_and_size_and_gives_colour(self, run: Run, name: str):
        with Image.open(run.photos / name) as before, Image.open(run.results / name) as after:
            assert after.format == before.format
            assert after.size == ((HEIGHT, WIDTH) if name == "rotated.jpg" else (WIDTH, HEIGHT))
            colours = np.asarray(after.convert("RGB")).astype(int)
        # Pure black and white have no room for colour.
        assert np.ptp(colours, axis=-1).max() > 4 or name in ("fax.tif", "one_bit.png")

    @pytest.mark.parametrize("name", ["alpha.png", "alpha.webp", "gray_alpha.png"])
    def test_keeps_alpha(self, run: Run, name: str):
        with Image.open(run.photos / name) as before, Image.open(run.results / name) as after:
            assert before.getchannel("A").tobytes() == after.getchannel("A").tobytes()

    def test_keeps_16_bits(self, run: Run):
        pixels = tifffile.imread(run.results / "sixteen_bit.tif")
        assert pixels.dtype == np.uint16
        assert pixels.shape == (HEIGHT, WIDTH, 3)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    gray().save(path)
    return path


def format_of(path: Path) -> str | None:
    with Image.open(path) as picture:
        return picture.format


def colorizer(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["colorize", *map(str, arguments)])


class TestOutput:
    def test_a_single_photograph_may_get_a_file_name_and_another_format(self, photo: Path, tmp_path: Path):
        result = colorizer(photo, "-o", tmp_path / "new" / "picture.jpg")
        assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'new' / 'picture.jpg'}\n")
        assert format_of(tmp_path / "new" / "picture.jpg") == "JPEG"

    def test_is_a_folder_of_its_own_unless_named(self, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        assert colorizer("photo.png").exit_code == 0
        assert (tmp_path / "colorized" / "photo.png").exists()

    def test_a_photograph_named_twice_is_colorized_once(self, photo: Path, tmp_path: Path):
        result = colorizer(photo, photo.parent, "-o", tmp_path / "out")
        assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'out' / 'photo.png'}\n")

    def test_that_was_named_and_exists_is_kept_and_that_is_a_failure(self, photo: Path, tmp_path: Path):
        result = tmp_path / "result.png"
        result.write_text("precious")
        refused = colorizer(photo, "-o", result)
        assert refused.exit_code == 1
        assert refused.stderr == f"{photo}: {result} exists already; choose another name or add --overwrite\n"
        assert result.read_text() == "precious"
        assert colorizer(photo, "-o", result, "--overwrite").exit_code == 0
        assert format_of(result) == "PNG"

    def test_a_folder_is_finished_by_a_second_run_which_keeps_what_exists(self, photo: Path, tmp_path: Path):
        first = colorizer(photo.parent, "-o", tmp_path / "out")
        assert (first.exit_code, first.stderr) == (0, "")
        before = (tmp_path / "out" / "photo.png").stat().st_mtime_ns
        gray(1).save(photo.parent / "later.png")
        second = colorizer(photo.parent, "-o", tmp_path / "out")
        assert (second.exit_code, second.stdout) == (0, f"{tmp_path / 'out' / 'later.png'}\n")
        assert second.stderr == "1 result exists already; add --overwrite to make it anew\n"
        assert (tmp_path / "out" / "photo.png").stat().st_mtime_ns == before
        third = colorizer(photo.parent, "-o", tmp_path / "out")
        assert (third.exit_code, third.stdout) == (0, "")
        assert third.stderr == "2 results exist already; add --overwrite to make them anew\n"
        assert len(colorizer(photo.parent, "-o", tmp_path / "out", "--overwrite").stdout.splitlines()) == 2

    def test_photographs_that_differ_in_their_format_alone_have_a_result_each(self, tmp_path: Path):
        scans = tmp_path / "scans"
        scans.mkdir()
        names = {"a.pgm": 40, "a.png": 120, "a.tga": 200}
        for name, shade in names.items():
            Image.new("L", (36, 24), shade).save(scans / name)
            run = colorizer(scans / name, "-o", tmp_path / "one by one")
            assert (run.exit_code, len(run.stdout.splitlines())) == (0, 1)
        assert colorizer(scans, "-o", tmp_path / "together").exit_code == 0
        for folder in ("one by one", "together"):
            shades = {path.name: read(path).luminance.mean() for path in (tmp_path / folder).iterdir()}
            assert shades == pytest.approx({"a.pgm.png": 40, "a.png": 120, "a.tga.png": 200}, abs=2)

    @pytest.mark.parametrize("suffix", [".pgm", ".tga"])
    def test_of_a_format_that_is_only_read_is_a_png_and_a_note_says_so(self, tmp_path: Path, suffix: str):
        old = tmp_path / f"old{suffix}"
        gray().save(old)
        result = colorizer(old, "-o", tmp_path / "out")
        assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'out' / old.name}.png\n")
        assert result.stderr == f"{old}: files of its kind are only read, so its result is a PNG\n"
        assert format_of(tmp_path / "out" / f"{old.name}.png") == "PNG"

    def test_of_a_photograph_that_had_colours_has_new_ones_and_a_note_says_so(self, tmp_path: Path):
        Image.merge("RGB", (gray(), gray().rotate(180), gray())).save(tmp_path / "colour.png")
        result = colorizer(tmp_path / "colour.png", "-o", tmp_path / "out")
        note = "it came with colours or a tint of its own, which were put aside for new ones"
        assert (result.exit_code, result.stderr) == (0, f"{tmp_path / 'colour.png'}: {note}\n")

    def test_may_not_be_named_as_a_format_that_is_only_read(self, photo: Path, tmp_path: Path):
        result = colorizer(photo, "-o", tmp_path / "new.pgm")
        assert result.exit_code == 2
        assert "PNM files are only read" in " ".join(result.stderr.split())

    def test_of_a_photograph_without_a_suffix_is_a_png(self, photo: Path, tmp_path: Path):
        bare = photo.rename(tmp_path / "scan no. 12")
        assert colorizer(bare, "-o", tmp_path / "out").exit_code == 0
        assert format_of(tmp_path / "out" / "scan no. 12.png") == "PNG"

    @pytest.mark.parametrize(
        ("output", "problem"),
        [
            ("file/below", "cannot be made (Not a directory); choose another one"),
            ("x" * 300, "cannot be made (File name too long); choose another one"),
            ("x" * 300 + ".png", "File name too long"),
        ],
        ids=["below a file", "long folder", "long name"],
    )
    def test_that_the_system_refuses_is_named_in_one_line(
        self, photo: Path, monkeypatch: pytest.MonkeyPatch, output: str, problem: str
    ):
        monkeypatch.chdir(photo.parent)
        (photo.parent / "file").touch()
        result = colorizer("photo.png", "-o", output)
        assert result.exit_code == 1
        assert result.stderr.startswith("photo.png: ")
        assert problem in result.stderr
        assert result.stderr.count("\n") == 1
        assert sorted(path.name for path in photo.parent.iterdir()) == ["file", "photo.png"]

    def test_quality_reaches_the_file(self, photo: Path, tmp_path: Path):
        for quality in (30, 95):
            colorizer(photo, "-o", tmp_path / f"{quality}.jpg", "--quality", quality)
        assert (tmp_path / "30.jpg").stat().st_size < (tmp_path / "95.jpg").stat().st_size

    def test_notes_in_the_metadata_that_a_model_made_the_colours_unless_told_not_to(self, photo: Path, tmp_path: Path):
        colorizer(photo, "-o", tmp_path / "noted.png")
        colorizer(photo, "-o", tmp_path / "plain.png", "--no-note")
        with Image.open(tmp_path / "noted.png") as noted, Image.open(tmp_path / "plain.png") as plain:
            assert "colours added by a model" in noted.getexif()[ExifTags.Base.Software]
            assert b"compositeWithTrainedAlgorithmicMedia" in noted.info["xmp"]
            assert not plain.getexif()
            assert "xmp" not in plain.info


class TestMetadata:
    @pytest.fixture
    def phone(self, tmp_path: Path) -> Path:
        """A photograph of a phone, with its place and a comment, of five years ago."""
        exif = Image.Exif()
        exif[0x010F] = "Leica"
        exif[0x8825] = {1: "N", 2: (48.0, 51.0, 29.5)}
        path = tmp_path / "phone.jpg"
        gray().save(path, exif=exif, comment="at the mill", dpi=(300, 300))
        os.utime(path, (1_600_000_000, 1_600_000_000))
        return path

    def test_says_where_it_was_taken_unless_told_not_to(self, phone: Path, tmp_path: Path):
        for options, has_place in (([], True), (["--no-gps"], False)):
            output = tmp_path / f"{has_place}.jpg"
            assert colorizer(phone, "-o", output, *options).exit_code == 0
            with Image.open(output) as picture:
                assert (0x8825 in picture.getexif()) == has_place
                assert picture.getexif()[0x010F] == "Leica"
                assert picture.info["comment"] == b"at the mill"

    def test_is_named_where_it_finds_no_place(self, phone: Path, tmp_path: Path):
        result = colorizer(phone, "-o", tmp_path / "out.bmp")
        assert result.exit_code == 0
        lost = "its text 'Comment', its EXIF data and the note that a model added the colours"
        assert result.stderr == f"{phone}: a BMP has no place for {lost}\n"

    def test_files_get_the_dates_of_their_photographs_if_asked_to(self, phone: Path, tmp_path: Path):
        for options, is_old in (([], False), (["--keep-dates"], True)):
            output = tmp_path / f"{is_old}.png"
            assert colorizer(phone, "-o", output, *options).exit_code == 0
            assert (output.stat().st_mtime == 1_600_000_000) == is_old


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["{photo}", "--vividness", "2"], "vividness"),
            (["{photo}", "--hint", "1,2"], "is not X,Y,#RRGGBB or X,Y,#RRGGBB,R (it has 2 parts)"),
            (["{photo}", "--hint", "1,2,#ff0000,3,4"], "is not X,Y,#RRGGBB or X,Y,#RRGGBB,R (it has 5 parts)"),
            (["{photo}", "--hint", "1,2,crimson-ish"], "is not X,Y,#RRGGBB"),
            (["{photo}", "{other}", "--hint", "1,2,#ff0000"], "single photograph, got 2"),
            (["{photo}", "{other}", "--hints", "{note}"], "single photograph, got 2"),
            (["{photo}", "{other}", "-o", "-"], "standard output takes one picture, got 2"),
            (["{photo}", "-o", "-", "--json"], "cannot take a picture and JSON"),
            (["-"], "what is piped in has no name; add the name of its result"),
            (["-", "-o", "{folder}"], "what is piped in has no name"),
            (["{photo}", "{other}", "-o", "{photo}.jpg"], "name of one picture, got 2"),
            (["{photo}", "-o", "{note}"], "neither a folder nor the name of a picture"),
            (["{photo}", "--device", "toaster"], "toaster"),
            (["{photo}", "--levels", "all"], "'all' is not auto, as-is or LOW,HIGH"),
            (["{photo}", "--levels", "9,3"], "'9,3' is not auto, as-is or LOW,HIGH with LOW less than HIGH"),
            (["{photo}", "--band", "0"], "--band"),
            ([], "INPUT"),
        ],
    )
    def test_ends_with_code_2_and_says_why(self, photo: Path, tmp_path: Path, arguments: list[str], message: str):
        gray().save(tmp_path / "other.png")
        (tmp_path / "note").touch()
        before = sorted(tmp_path.iterdir())
        places = {"photo": photo, "other": tmp_path / "other.png", "note": tmp_path / "note", "folder": tmp_path}
        result = colorizer(*(argument.format(**places) for argument in arguments))
        assert result.exit_code == 2
        assert message in " ".join(result.stderr.split())
        assert sorted(tmp_path.iterdir()) == before


class TestNearInfrared:
    def test_sixteen_bit_frames_become_sixteen_bit_colour_at_their_own_size(
        self, nir_checkpoint: Path, tmp_path: Path
    ) -> None:
        frame = np.asarray(gray()).astype(np.uint16) * 100
        tifffile.imwrite(tmp_path / "frame.tif", frame)
        result = colorizer(tmp_path / "frame.tif", "--nir", "--model", nir_checkpoint, "-o", tmp_path / "colour.tif")
        assert result.exit_code == 0, result.stderr
        colour = tifffile.imread(tmp_path / "colour.tif")
        assert colour.dtype == np.uint16
        assert colour.shape == (HEIGHT, WIDTH, 3)

    def test_the_bundled_model_changes_brightness_too(self, photo: Path, tmp_path: Path) -> None:
        result = colorizer(photo, "--nir", "-o", tmp_path / "out.png")
        assert result.exit_code == 0, result.stderr
        with Image.open(photo) as frame, Image.open(tmp_path / "out.png") as colour:
            change = np.asarray(colour.convert("L"), float) - np.asarray(frame.convert("L"), float)
        assert np.abs(change).mean() > 5

    def test_frames_of_one_camera_agree_on_brightness_whatever_else_they_show(
        self, nir_checkpoint: Path, tmp_path: Path
    ) -> None:
        twelve_bits = np.asarray(gray()).astype(np.uint16) * 3  # at most 765: alone it would be taken for ten bits
        brighter = twelve_bits.copy()
        brighter[:, WIDTH // 2 :] = 4000
        for name, frame in (("1", twelve_bits), ("2", brighter)):
            tifffile.imwrite(tmp_path / f"{name}.tif", frame)
        (tmp_path / "3.tif").write_bytes(b"broken")

        def brightness(*options: str) -> list[float]:
            frames = [tmp_path / f"{name}.tif" for name in (1, 2, 3)]
            out = tmp_path / f"out{len(options)}"
            result = colorizer(*frames, "--nir", "--model", nir_checkpoint, *options, "-o", out)
            assert result.exit_code == 1
            assert "3.tif" in result.stderr
            left = (slice(None), slice(WIDTH // 4))
            return [float(tifffile.imread(out / f"{name}.tif")[left].mean()) for name in (1, 2)]

        alone, together = brightness(), brightness("--same-camera")
        assert abs(alone[0] - alone[1]) > 3000
        assert abs(together[0] - together[1]) < 600

    def test_one_exposure_is_for_near_infrared_frames_alone(self, photo: Path, tmp_path: Path) -> None:
        result = colorizer(photo, "--same-camera", "-o", tmp_path / "out.png")
        assert result.exit_code == 2
        assert "give --nir too" in result.stderr

    def test_a_model_for_gray_photographs_is_refused(self, photo: Path, tmp_path: Path) -> None:
        result = colorizer(photo, "--nir", "--model", "chromaformer", "-o", tmp_path / "out")
        assert result.exit_code == 2
        assert "chromaformer was trained for gray photographs" in result.stderr
        assert not (tmp_path / "out").exists()


class TestLevelsAndBand:
    @pytest.fixture
    def scan(self, tmp_path: Path) -> Path:
        """Four bands of 12 bits in 16, the last one with the picture."""
        picture = np.asarray(gray()).astype(np.uint16) * 16
        bands = np.stack([picture // 4, picture // 8, picture // 16, picture])
        tifffile.imwrite(tmp_path / "scan.tif", bands, photometric="minisblack", planarconfig="separate")
        return tmp_path / "scan.tif"

    def brightness(self, path: Path) -> float:
        return float(tifffile.imread(path).mean() / 65535)

    def test_what_was_taken_is_said(self, scan: Path, tmp_path: Path) -> None:
        result = colorizer(scan, "-o", tmp_path / "out.tif", "--band", "4")
        assert result.exit_code == 0, result.stderr
        first, second = result.stderr.splitlines()
        assert first == f"{scan}: band 4 of 4 was read"
        assert second.startswith(f"{scan}: of its 16-bit numbers 0 to 4095 was taken as black to white")
        assert abs(self.brightness(tmp_path / "out.tif") - np.asarray(gray()).mean() / 255) < 0.02

    @pytest.mark.parametrize(("levels", "share"), [("as-is", 1 / 16), ("0,8191", 1 / 2)])
    def test_or_asked_for(self, scan: Path, tmp_path: Path, levels: str, share: float) -> None:
        result = colorizer(scan, "-o", tmp_path / "out.tif", "--band", "4", "--levels", levels)
        assert result.exit_code == 0, result.stderr
        assert abs(self.brightness(tmp_path / "out.tif") - share * np.asarray(gray()).mean() / 255) < 0.02

    def test_negative_numbers_can_be_asked_for(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "scan.tif", np.asarray(gray()).astype(np.int16) * 10 - 1000)
        result = colorizer(tmp_path / "scan.tif", "-o", tmp_path / "out.tif")
        assert (result.exit_code, "numbers from -" in result.stderr) == (1, True)
        result = colorizer(tmp_path / "scan.tif", "-o", tmp_path / "out.tif", "--levels", "-1000,1550")
        assert (result.exit_code, result.stderr) == (0, "")

    def test_a_band_that_is_not_there_is_named(self, scan: Path, tmp_path: Path) -> None:
        result = colorizer(scan, "-o", tmp_path / "out.tif", "--band", "5")
        assert result.exit_code == 1
        assert result.stderr == f"{scan}: it has 4 bands, so there is no band 5; choose another\n"


class TestHint:
    def test_colours_its_spot(self, photo: Path, tmp_path: Path):
        result = colorizer(photo, "-o", tmp_path / "red.png", "--hint", "20,15,#c03030", "--hint", "70,45,#3030c0,8")
        assert result.exit_code == 0, result.stderr
        with Image.open(tmp_path / "red.png") as picture:
            pixels = np.asarray(picture).astype(int)
        assert pixels[15, 20, 0] > pixels[15, 20, 2] + 10
        assert pixels[45, 70, 2] > pixels[45, 70, 0] + 10

    def test_outside_the_photograph_is_named(self, photo: Path, tmp_path: Path):
        result = colorizer(photo, "-o", tmp_path / "out", "--hint", "5000,15,#c03030")
        assert result.exit_code == 1
        assert str(photo) in result.stderr
        assert not list(tmp_path.glob("out/*"))


class TestHintsFile:
    def red_here(self, path: Path) -> bool:
        with Image.open(path) as picture:
            red, _, blue = np.asarray(picture).astype(int)[15, 20]
        return bool(red > blue + 10)

    def test_is_what_the_web_page_saves_for_a_photo_of_any_size(self, photo: Path, tmp_path: Path):
        saved = tmp_path / "photo-hints.json"
        for size in (1, 3):
            dab = Hint(20 * size, 15 * size, "#c03030", radius=6 * size)
            saved.write_text(hints_to_json([dab], (WIDTH * size, HEIGHT * size)))
            result = colorizer(photo, "-o", tmp_path / f"{size}.png", "--hints", saved)
            assert (result.exit_code, result.stderr) == (0, "")
            assert self.red_here(tmp_path / f"{size}.png")

    def test_may_be_a_painted_layer_and_goes_with_single_hints(self, photo: Path, tmp_path: Path):
        layer = Image.new("RGBA", (WIDTH * 2, HEIGHT * 2))
        layer.paste((192, 48, 48, 255), (30, 20, 50, 40))
        layer.save(tmp_path / "layer.png")
        options = ("--hints", tmp_path / "layer.png", "--hint", "70,45,#3030c0,8")
        result = colorizer(photo, "-o", tmp_path / "out.png", *options)
        assert (result.exit_code, result.stderr) == (0, "")
        assert self.red_here(tmp_path / "out.png")
        with Image.open(tmp_path / "out.png") as picture:
            assert np.asarray(picture).astype(int)[45, 70, 2] > np.asarray(picture).astype(int)[45, 70, 0] + 10

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (None, "the hints cannot be read (No such file or directory)"),
            (b"", "these are no hints; give JSON that the web page saved, or an RGBA layer"),
            (b"red, please", "these are no hints"),
            (b'{"hints": [', "the hints are not valid JSON"),
            (b"{\xff", "the hints cannot be read (it is damaged)"),
            ("plain.png", "a hint layer must be an RGBA picture"),
        ],
    )
    def test_that_is_none_is_named(self, photo: Path, tmp_path: Path, content: bytes | str | None, problem: str):
        file = tmp_path / "hints"
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif content:
            gray().save(file, "PNG")
        result = colorizer(photo, "-o", tmp_path / "out", "--hints", file)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"{photo}: {file}: {problem}")
        assert result.stderr.count("\n") == 1
        assert not list(tmp_path.glob("out/*"))


class TestPalette:
    def red_share(self, path: Path) -> float:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB")).astype(int)
        return float((pixels[..., 0] - pixels[..., 2]).mean())

    def test_colours_by_name_and_of_another_photograph(self, photo: Path, tmp_path: Path):
        Image.new("RGB", (50, 50), (200, 40, 40)).save(tmp_path / "red.png")
        options = {"plain": [], "named": ["--palette", "#c82828"], "like": ["--like", tmp_path / "red.png"]}
        for name, extra in options.items():
            result = colorizer(photo, "-o", tmp_path / f"{name}-out.png", *extra)
            assert result.exit_code == 0, result.stderr
        plain, named, like = (self.red_share(tmp_path / f"{name}-out.png") for name in options)
        assert named > plain + 5
        assert like > plain + 5

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            (["--palette", "red"], "'red' is not #RRGGBB,#RRGGBB,..."),
            (["--palette", "#ff0000", "--like", "{photo}"], "not by both"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, options: list[str], problem: str, photo: Path, tmp_path: Path):
        result = colorizer(photo, "-o", tmp_path / "out", *(option.format(photo=photo) for option in options))
        assert result.exit_code == 2
        assert problem in " ".join(result.stderr.split())

    def test_a_gray_photograph_has_no_colours_to_use(self, photo: Path, tmp_path: Path):
        Image.new("L", (50, 50), 90).save(tmp_path / "gray.png")
        result = colorizer(photo, "-o", tmp_path / "out", "--like", tmp_path / "gray.png")
        assert isinstance(result.exception, ImageError)
        assert "has none" in str(result.exception)
        assert not (tmp_path / "out").exists()


class TestJson:
    def test_has_one_object_per_file(self, photo: Path, tmp_path: Path):
        missing, out = tmp_path / "missing.jpg", tmp_path / "out"
        (tmp_path / "notes.txt").touch()
        gray().save(tmp_path / "done.png")
        colorizer(tmp_path / "done.png", "-o", out)
        result = colorizer(missing, photo.parent, "-o", out, "--json")
        assert result.exit_code == 1
        left, exists, bad, good = (json.loads(line) for line in result.stdout.splitlines())
        assert good.pop("seconds") > 0
        assert left.pop("seconds") is exists.pop("seconds") is None
        rest = {"notes": [], "error": None}
        assert good == {"input": str(photo), "status": "written", "output": str(out / "photo.png"), **rest}
        assert left == {"input": str(tmp_path / "notes.txt"), "status": "left out", "output": None, **rest}
        done, result_of_it = str(tmp_path / "done.png"), str(out / "done.png")
        assert exists == {"input": done, "status": "exists", "output": result_of_it, **rest}
        assert (bad["input"], bad["status"], bad["output"]) == (str(missing), "failed", None)
        assert bad["error"] == result.stderr.splitlines()[0]

    def test_is_ascii_so_that_any_pipe_takes_any_name(self, tmp_path: Path):
        missing = tmp_path / f"füße {os.fsdecode(bytes([0xFF]))}.jpg"
        result = colorizer(missing, "-o", tmp_path / "out", "--json")
        assert result.stdout.isascii()
        assert json.loads(result.stdout)["input"] == str(missing)


def piped(
    *arguments: object, given: bytes = b"", stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """A real run with `given` on its standard input, unless that is another one."""
    command = [sys.executable, "-m", "colorizer_hf", "colorize", *map(str, arguments)]
    with subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE) as process:
        output, errors = process.communicate(given if stdin == subprocess.PIPE else None)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


class TestPipe:
    def test_takes_a_photograph_in_and_gives_its_colours_out_and_nothing_else(self, tmp_path: Path):
        write_pages(tmp_path / "pages.tif")
        done = piped("-", "-o", "-", given=(tmp_path / "pages.tif").read_bytes())
        assert done.returncode == 0
        assert done.stderr == b"standard input: page 1 of 3 was read\n"
        assert list(tmp_path.iterdir()) == [tmp_path / "pages.tif"]
        colorizer(tmp_path / "pages.tif", "-o", tmp_path / "direct.tif")
        assert done.stdout == (tmp_path / "direct.tif").read_bytes()

    def test_may_end_in_a_file(self, photo: Path, tmp_path: Path):
        done = piped("-", "-o", tmp_path / "new.jpg", given=photo.read_bytes())
        assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'new.jpg'}\n".encode())
        assert format_of(tmp_path / "new.jpg") == "JPEG"

    def test_may_begin_at_a_file_and_gives_a_png_where_its_format_is_only_read(self, tmp_path: Path):
        gray().save(tmp_path / "old.pgm")
        done = piped(tmp_path / "old.pgm", "-o", "-")
        assert done.returncode == 0
        assert done.stdout.startswith(b"\x89PNG")
        assert b"only read, so its result is a PNG" in done.stderr

    @pytest.mark.parametrize(("given", "problem"), [(b"", b"it is empty"), (b"not a picture" * 9, b"not a picture")])
    def test_of_what_is_no_photograph_gives_a_sentence_and_no_byte(self, given: bytes, problem: bytes):
        done = piped("-", "-o", "-", given=given)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(b"standard input: ")
        assert problem in done.stderr
        assert done.stderr.count(b"\n") == 1

    def test_that_nobody_reads_to_its_end_is_a_failure_in_one_line(self, photo: Path):
        reader, writer = os.pipe()
        os.close(reader)
        done = piped(photo, "-o", "-", stdout=writer)
        os.close(writer)
        assert done.returncode == 1
        assert done.stderr == f"{photo}: standard output was closed before the picture had passed; try again\n".encode()

    @pytest.mark.parametrize("place", ["input", "output"])
    def test_to_or_from_a_terminal_is_refused(self, photo: Path, place: str):
        watcher, terminal = pty.openpty()
        argument = "-" if place == "input" else photo
        done = piped(argument, "-o", "-", **{"stdin" if place == "input" else "stdout": terminal}, given=b"")
        os.close(terminal)
        os.close(watcher)
        assert done.returncode == 2
        assert f"standard {place} is a terminal" in done.stderr.decode()


class TestProgress:
    def test_is_shown_on_a_terminal_and_leaves_standard_output_alone(self):
        code = (
            "from colorizer_hf.cli.colorize import with_progress\n"
            "for number in with_progress(iter(range(3)), 3): print(number)"
        )
        watcher, terminal = pty.openpty()
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=terminal, text=True, check=True
        )
        os.close(terminal)
        seen = os.read(watcher, 100_000).decode()
        os.close(watcher)
        assert done.stdout == "0\n1\n2\n"
        assert "Colorizing" in seen
        assert "photos/s" in seen
        assert "3/3" in seen

"""From file to file: what a film is besides its pictures, runs that are cut off, files that are no films."""

import resource
import signal
import subprocess
import sys
import wave
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.errors import FilmError, HintError
from colorizer_hf.film import FilmOptions, KeyFrame, colorize_film, colorizing
from colorizer_hf.film.reading import Film
from colorizer_hf.film.writing import Encoding, join, new_segment
from colorizer_hf.hints import Hint
from colorizer_hf.pipeline import ColorizationPipeline
from tests.film.films import Pan, packets, photo, read_film, write_film

SMALL = FilmOptions(size=64)


@pytest.fixture(scope="module")
def pan() -> Pan:
    return Pan(photo("astronaut", 100), 64, zooms=False, count=12)


def test_a_gray_film_comes_out_in_colour(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray())
    assert colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL) == ()
    moments, frames = read_film(tmp_path / "colour.mp4")
    old_moments, old = read_film(source)
    assert moments == old_moments
    for frame, before in zip(frames, old, strict=True):
        luminance, chroma = rgb_to_lab(torch.from_numpy(np.stack([frame, before])).permute(0, 3, 1, 2) / 255)
        assert (luminance[0] - luminance[1]).abs().mean() < 0.02
        assert chroma[0].norm(dim=0).mean() > 10 * chroma[1].norm(dim=0).mean()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["colour.mp4", "film.mp4"]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_is_copied_bit_for_bit(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path, suffix: str) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray(), sound=True)
    colorize_film(colorize, source, tmp_path / f"colour{suffix}", options=SMALL)
    (before, after) = (packets(path, "audio") for path in (source, tmp_path / f"colour{suffix}"))
    assert [data for _, data in after] == [data for _, data in before] != []
    # Matroska has no times below 0 and begins later altogether, pictures as well.
    first = read_film(tmp_path / f"colour{suffix}")[0][0]
    assert [time - first for time, _ in after] == pytest.approx([time for time, _ in before], abs=2e-3)


def test_subtitles_title_and_language_are_kept(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,300\nGood evening\n")
    metadata = {"title": "At the lake", "comment": "8 mm"}
    source = write_film(tmp_path / "film.mkv", pan.gray(), subtitles=tmp_path / "words.srt", metadata=metadata)
    colorize_film(colorize, source, tmp_path / "colour.mkv", options=SMALL)
    assert [bytes_ for _, bytes_ in packets(tmp_path / "colour.mkv", "subtitles")] == [b"Good evening"]
    with av.open(str(tmp_path / "colour.mkv")) as film:
        said = {name.lower(): value for name, value in film.metadata.items()}
    assert said["title"] == "At the lake"
    assert said["comment"].startswith("8 mm; colorizer_hf")


def test_what_finds_no_place_is_named(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray()[:3], sound=True)
    (note,) = colorize_film(colorize, source, tmp_path / "colour.webm", options=SMALL)
    assert note == "audio (aac) has no place in this kind of file and was left out"
    assert len(read_film(tmp_path / "colour.webm")[1]) == 3


def test_frames_that_last_differently_long_do_so_still(
    colorize: ColorizationPipeline, pan: Pan, tmp_path: Path
) -> None:
    stamps = [0, 500, 600, 2000, 2001, 9000, 9600, 9700, 12000, 12801, 13000, 20000]
    source = write_film(tmp_path / "film.mp4", pan.gray(), stamps=stamps)
    colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    assert read_film(tmp_path / "colour.mp4")[0] == [stamp / 12800 for stamp in stamps]


def test_odd_sizes_get_one_row_and_column_more(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    odd = [frame[:47, :63] for frame in pan.gray()[:2]]
    source = write_film(tmp_path / "film.mkv", odd, codec="ffv1", pixel_format="yuv444p")
    colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    assert read_film(tmp_path / "colour.mp4")[1][0].shape == (48, 64, 3)


def test_a_film_held_upright_comes_out_upright(colorize: ColorizationPipeline, tmp_path: Path) -> None:
    lying = np.full((32, 64, 3), 60, np.uint8)
    lying[:, :16] = 220  # the end that a turn to the left brings down
    source = write_film(tmp_path / "film.mp4", [lying, lying], rotation=90, aspect=Fraction(4, 3))
    colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    with av.open(str(tmp_path / "colour.mp4")) as film:
        assert film.streams.video[0].sample_aspect_ratio == Fraction(3, 4)
        frame = next(film.decode(video=0))
    assert frame.rotation == 0
    pixels = frame.to_ndarray(format="gray")
    assert pixels.shape == (64, 32)
    assert pixels[-12:].mean() > pixels[:-20].mean() + 100


def test_colour_tags_and_the_shape_of_pixels_are_kept(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray()[:2], aspect=Fraction(16, 11), colors=(1, 1, 1))
    colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    with av.open(str(tmp_path / "colour.mp4")) as film:
        context = film.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        assert context.sample_aspect_ratio == Fraction(16, 11)


def test_ten_bits_stay_ten_bits(colorize: ColorizationPipeline, tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :, None].repeat(64, 0).repeat(3, 2)
    source = write_film(tmp_path / "film.mp4", [ramp], pixel_format="yuv420p10le")
    colorize_film(colorize, source, tmp_path / "colour.mkv", options=FilmOptions(size=64, codec="ffv1", vividness=0))
    with av.open(str(tmp_path / "colour.mkv")) as film:
        frame = next(film.decode(video=0))
    assert frame.format.name == "yuv420p10le"
    shades = np.unique(frame.to_ndarray(format="gray16le"))
    assert len(shades) > 240


def test_a_part_of_a_film_begins_at_zero_with_its_sound(
    colorize: ColorizationPipeline, pan: Pan, tmp_path: Path
) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray(), sound=True)
    options = FilmOptions(size=64, start=0.16, end=0.32)
    colorize_film(colorize, source, tmp_path / "colour.mp4", options=options)
    assert read_film(tmp_path / "colour.mp4")[0] == pytest.approx([0, 0.04, 0.08, 0.12])
    copied = packets(tmp_path / "colour.mp4", "audio")
    wanted = [(time, data) for time, data in packets(source, "audio") if 0.16 <= time < 0.32]
    assert [data for _, data in copied] == [data for _, data in wanted]
    assert [time for time, _ in copied] == pytest.approx([time - 0.16 for time, _ in wanted], abs=2e-3)


def test_a_dab_on_one_frame_colours_its_scene(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray())
    green = KeyFrame(0.2, (Hint(32, 55, "#1f9d3a", 6),))
    colorize_film(colorize, source, tmp_path / "plain.mp4", options=SMALL)
    colorize_film(colorize, source, tmp_path / "hinted.mp4", options=SMALL, key_frames=[green])
    plain, hinted = (
        rgb_to_lab(torch.from_numpy(np.stack(read_film(tmp_path / name)[1])).permute(0, 3, 1, 2) / 255)[1] * 110
        for name in ("plain.mp4", "hinted.mp4")
    )
    for number in range(12):
        x = round(32 - 2.2 * (number - 5))
        assert (hinted - plain)[number, 0, 52:58, x - 3 : x + 4].mean() < -15  # greener


class TestRunsThatAreCutOff:
    def test_go_on_at_the_last_whole_segment_to_the_same_film(
        self, colorize: ColorizationPipeline, pan: Pan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(colorizing, "_SEGMENT", 4)
        source = write_film(tmp_path / "film.mp4", pan.gray(), sound=True)
        exact = FilmOptions(size=64, codec="ffv1")  # two runs of x264 may differ
        colorize_film(colorize, source, tmp_path / "whole.mkv", options=exact)
        seen: list[float] = []

        def stop(moment: float) -> None:
            seen.append(moment)
            if len(seen) == 10:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            colorize_film(colorize, source, tmp_path / "colour.mkv", options=exact, on_frame=stop)
        assert not (tmp_path / "colour.mkv").exists()
        seen.clear()
        colorize_film(colorize, source, tmp_path / "colour.mkv", options=exact, on_frame=seen.append)
        assert seen == pytest.approx([0.32, 0.36, 0.4, 0.44])
        assert packets(tmp_path / "colour.mkv", "video") == packets(tmp_path / "whole.mkv", "video")
        assert packets(tmp_path / "colour.mkv", "audio") == packets(tmp_path / "whole.mkv", "audio")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["colour.mkv", "film.mp4", "whole.mkv"]

    def test_begin_anew_when_something_else_is_asked_for(
        self, colorize: ColorizationPipeline, pan: Pan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(colorizing, "_SEGMENT", 4)
        source, seen = write_film(tmp_path / "film.mp4", pan.gray()), list[float]()

        def stop(moment: float) -> None:
            if moment > 0.2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL, on_frame=stop)
        calm = FilmOptions(size=64, vividness=0)
        colorize_film(colorize, source, tmp_path / "colour.mp4", options=calm, on_frame=seen.append)
        assert len(seen) == 12

    def test_a_killed_process_leaves_what_the_next_one_goes_on_from(self, pan: Pan, tmp_path: Path) -> None:
        source, target = write_film(tmp_path / "film.mp4", pan.gray()), tmp_path / "colour.mp4"
        program = """
import os, signal, sys
from colorizer_hf.film import FilmOptions, colorize_film, colorizing
from colorizer_hf.pipeline import ColorizationPipeline
colorizing._SEGMENT, frames = 4, []
def seen(moment):
    frames.append(moment)
    if len(frames) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
colorize_film(ColorizationPipeline.from_pretrained(), *sys.argv[1:3], options=FilmOptions(size=64), on_frame=seen)
print(len(frames))
"""

        def run(last: int) -> subprocess.CompletedProcess:
            command = [sys.executable, "-c", program, str(source), str(target), str(last)]
            return subprocess.run(command, capture_output=True, text=True, check=False)

        assert run(7).returncode == -signal.SIGKILL
        assert not target.exists()
        again = run(100)
        assert (again.returncode, again.stdout) == (0, "8\n"), again.stderr
        assert len(read_film(target)[1]) == 12


@pytest.mark.slow
def test_a_long_film_takes_no_more_memory_than_a_short_one(pan: Pan, tmp_path: Path) -> None:
    """Kept frames would take 40 MB more as luminance, three times as much in colour."""
    frames = [np.tile(frame, (4, 5, 1)) for frame in pan.gray()]
    films = [write_film(tmp_path / f"{times}.mp4", frames * times) for times in (8, 48)]
    program = """
import resource, sys
from colorizer_hf.film import FilmOptions, colorize_film
from colorizer_hf.pipeline import ColorizationPipeline
colorize = ColorizationPipeline.from_pretrained()
for film in sys.argv[1:]:
    colorize_film(colorize, film, film.replace(".mp4", "-colour.mp4"), options=FilmOptions(size=32))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    command = [sys.executable, "-c", program, *map(str, films)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    short, long = (int(peak) * (1 if sys.platform == "darwin" else 1024) for peak in done.stdout.split())
    assert long - short < 20e6


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def text(path: Path) -> None:
    path.write_text("no film")


def sound_alone(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(3200))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut, "it cannot be read as a film"),
        (text, "it cannot be read as a film"),
        (Path.unlink, "there is no such file"),
        (sound_alone, "it has no moving pictures"),
    ],
)
def test_what_is_no_film_is_refused_in_one_sentence(
    colorize: ColorizationPipeline, pan: Pan, tmp_path: Path, damage: Callable[[Path], object], sentence: str
) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray()[:3])
    damage(source)
    with pytest.raises(FilmError, match=rf"film\.mp4: {sentence}"):
        colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    assert {path.name for path in tmp_path.iterdir()} <= {"film.mp4"}


def test_damaged_packets_are_left_out_and_counted(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mkv", pan.gray(), codec="mpeg4")
    with av.open(str(source)) as film:
        packet = [bytes(packet) for packet in film.demux(video=0) if packet.size][5]
    content = bytearray(source.read_bytes())
    place = content.index(packet)
    content[place + 8 : place + len(packet)] = bytes(len(packet) - 8)
    source.write_bytes(bytes(content))
    notes = colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    frames = read_film(tmp_path / "colour.mp4")[1]
    assert 9 <= len(frames) <= 12
    assert len(frames) == 12 or "damaged packets were left out" in notes[0]


def test_a_full_disk_leaves_nothing_under_the_name(colorize: ColorizationPipeline, pan: Pan, tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mp4", pan.gray())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        with pytest.raises(FilmError, match="the film cannot be written"):
            colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "colour.mp4").exists()
    colorize_film(colorize, source, tmp_path / "colour.mp4", options=SMALL)
    assert len(read_film(tmp_path / "colour.mp4")[1]) == 12


def test_a_film_that_exists_stays_unless_it_may_be_replaced(
    colorize: ColorizationPipeline, pan: Pan, tmp_path: Path
) -> None:
    source, target = write_film(tmp_path / "film.mp4", pan.gray()[:2]), tmp_path / "colour.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(FilmError, match="exists already"):
        colorize_film(colorize, source, target, options=SMALL)
    assert target.read_bytes() == b"mine"
    colorize_film(colorize, source, target, options=SMALL, overwrite=True)
    assert len(read_film(target)[1]) == 2


def test_requests_that_cannot_be_met_are_refused(
    colorize: ColorizationPipeline, pan: Pan, tmp_path: Path, nir_checkpoint: Path
) -> None:
    source, target = write_film(tmp_path / "film.mp4", pan.gray()[:2]), tmp_path / "colour.mp4"
    with pytest.raises(FilmError, match="there is no video encoder libx999"):
        colorize_film(colorize, source, target, options=FilmOptions(codec="libx999"))
    with pytest.raises(FilmError, match="there is no frame between"):
        colorize_film(colorize, source, target, options=FilmOptions(size=64, start=5))
    with pytest.raises(HintError, match="outside the photo"):
        colorize_film(colorize, source, target, key_frames=[KeyFrame(0, (Hint(900, 3, "#ff0000"),))], options=SMALL)
    with pytest.raises(FilmError, match="near-infrared"):
        colorize_film(ColorizationPipeline.from_pretrained(nir_checkpoint), source, target)
    assert not target.exists()


def test_colours_flicker_less_and_key_frames_count_to_the_end(colorize: ColorizationPipeline, tmp_path: Path) -> None:
    """Six clips whose motion is known: coloured frame by frame, as a film, and as one from a first frame's colours.

    Flicker is the mean change of a and b along the true motion, of means over 4 x 4 pixels: rounding to 8 bits and the
    grain of the film change single pixels.
    """
    flicker, gain, last = [], [], []
    for name in ("astronaut", "coffee", "chelsea"):
        for zooms in (False, True):
            pan = Pan(photo(name, 170), 128, zooms=zooms, count=16)
            source = write_film(tmp_path / "film.mp4", pan.gray())
            Image.fromarray(pan.frames[0]).save(tmp_path / "first.png")
            key = KeyFrame.of_picture(0, tmp_path / "first.png", (128, 128))
            options = FilmOptions(size=128)
            single = frame_by_frame(colorize, source, tmp_path / "single.mp4")
            colorize_film(colorize, source, tmp_path / "steady.mp4", options=options, overwrite=True)
            colorize_film(colorize, source, tmp_path / "led.mp4", key_frames=[key], options=options, overwrite=True)
            steady, led = (read_film(tmp_path / name)[1] for name in ("steady.mp4", "led.mp4"))
            flicker.append((change(pan, single), change(pan, steady)))
            gain.append(psnr(steady, pan.frames) - psnr(single, pan.frames))
            last.append(psnr(led[-4:], pan.frames[-4:]) - psnr(single[-4:], pan.frames[-4:]))
    before, after = np.mean(flicker, axis=0)
    assert after <= 0.4 * before
    assert np.mean(gain) >= 0
    assert np.mean(last) >= 2.5


def frame_by_frame(colorize: ColorizationPipeline, source: Path, target: Path) -> list[np.ndarray]:
    """The film as it would be if each frame were a photograph, written and read back."""
    film = Film(source)
    segment = target.with_suffix(".nut")
    with new_segment(segment, film, Encoding("libx264")) as writer:
        for frame in film.frames():
            writer.write(colorize(frame.photo, size=128).pixels, frame.stamp)
    join([segment], film, target, start=None, end=None, note=False)
    return read_film(target)[1]


def change(pan: Pan, frames: list[np.ndarray]) -> float:
    def chroma(frame: np.ndarray) -> np.ndarray:
        lab = rgb_to_lab(torch.from_numpy(frame).permute(2, 0, 1)[None] / 255)[1]
        coarse = torch.nn.functional.avg_pool2d(lab, 4, 1, 2)[0, :, :-1, :-1] * 110
        return coarse.permute(1, 2, 0).contiguous().numpy()

    inner = slice(10, -10)
    changes = [
        np.abs(chroma(after) - pan.brought(number, chroma(before)))[inner, inner].mean()
        for number, (before, after) in enumerate(pairwise(frames), start=1)
    ]
    return float(np.mean(changes))


def psnr(frames: list[np.ndarray], truth: list[np.ndarray]) -> float:
    errors = [np.square(a.astype(float) - b).mean() for a, b in zip(frames, truth, strict=True)]
    return float(np.mean([10 * np.log10(255**2 / error) for error in errors]))

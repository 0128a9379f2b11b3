"""Which photographs an argument means, and where results go."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.cli.photo_files import Outputs, PhotoFile, find_photos, kinds, result_name
from colorizer_hf.errors import ImageError


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """archive/ with photographs, other files and sub-folders, seen from its parent."""
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "1920/a.png", "1930/a.png", "1930/c.tif", ".git/x.png"):
        file = tmp_path / "archive" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "archive"


def names(argument: str) -> list[str]:
    return [photo.name.as_posix() for photo in find_photos(argument).photos]


def left_out(argument: str) -> list[str]:
    return [str(path) for path in find_photos(argument).left_out]


def problems(argument: str) -> list[str]:
    return [str(problem) for problem in find_photos(argument).problems]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


class TestFindPhotos:
    def test_a_file_is_taken_whatever_its_name(self, archive: Path):
        assert find_photos("archive/notes.txt").photos == [PhotoFile(Path("archive/notes.txt"), Path("notes.txt"))]

    def test_a_missing_file_is_left_for_the_reader_to_name(self):
        assert find_photos("nowhere.jpg").photos == [PhotoFile(Path("nowhere.jpg"), Path("nowhere.jpg"))]

    def test_a_dash_is_standard_input_and_a_file_of_that_name_is_still_to_be_had(self):
        assert find_photos("-").photos == [PhotoFile(None, Path("-"))]
        assert find_photos("./-").photos == [PhotoFile(Path("-"), Path("-"))]

    def test_a_folder_means_the_photographs_directly_in_it(self, archive: Path):
        assert names("archive") == ["a.png", "b.JPG"]

    @pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".avif", ".jp2", ".jxl", ".pgm", ".tga"])
    def test_photographs_have_many_suffixes(self, archive: Path, suffix: str):
        touch(archive / f"c{suffix}")
        assert f"c{suffix}" in names("archive")

    def test_a_dangling_link_named_like_a_photograph_is_left_for_the_reader_to_name(self, archive: Path):
        (archive / "dangling.jpg").symlink_to(archive / "gone.jpg")
        assert "dangling.jpg" in names("archive")

    @pytest.mark.parametrize("argument", ["archive", "archive/*", "archive/**", "archive/**/*.jpg"])
    def test_a_folder_named_like_a_photograph_is_none(self, archive: Path, argument: str):
        (archive / "folder.jpg").mkdir()
        assert "folder.jpg" not in names(argument)
        assert "archive/folder.jpg" not in left_out(argument)

    def test_an_empty_name_is_not_the_current_folder(self, archive: Path):
        assert problems("") == ["an empty name was given; name photographs, folders or patterns"]

    def test_a_pipe_in_a_folder_is_left_alone_for_nobody_may_ever_fill_it(self, archive: Path):
        os.mkfifo(archive / "pipe.jpg")
        assert names("archive") == ["a.png", "b.JPG"]
        assert "archive/pipe.jpg" in left_out("archive")
        assert names("archive/pipe.jpg") == ["pipe.jpg"]

    def test_a_name_that_is_too_long_is_left_for_the_reader_to_name(self, archive: Path):
        assert names("x" * 300 + ".jpg") == ["x" * 300 + ".jpg"]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may look everywhere")
    def test_a_folder_that_nobody_may_look_into_is_named_and_the_others_are_taken(self, archive: Path):
        closed = archive / "1920"
        closed.chmod(0)
        try:
            sentence = "archive/1920: it cannot be looked into (Permission denied); change its permissions"
            assert problems("archive/1920") == problems("archive/**/*.png") == [sentence]
            assert names("archive/**/*.png") == ["1930/a.png", "a.png"]
        finally:
            closed.chmod(0o755)

    @pytest.mark.parametrize("argument", ["archive/empty", "archive/*.webp", "archive/1920/*.txt", "[x]/nowhere.jpg"])
    def test_what_holds_no_photographs_is_a_problem_that_names_it(self, archive: Path, argument: str):
        (archive / "empty").mkdir()
        assert problems(argument) == [f"{argument}: no photographs are there"]


class TestPatterns:
    def test_that_the_shell_left_alone_are_expanded(self, archive: Path):
        assert names("archive/*.png") == ["a.png"]
        assert names(f"{archive}/[ab].*") == ["a.png", "b.JPG"]
        assert names("archive/19?0/*.png") == ["1920/a.png", "1930/a.png"]

    def test_go_deep_keep_sub_folders_and_skip_hidden_ones(self, archive: Path):
        everything = ["1920/a.png", "1930/a.png", "1930/c.tif", "a.png", "b.JPG"]
        assert names("archive/**/*.*") == names("archive/**") == names("archive/**/**/*") == everything

    def test_what_exists_is_none(self, archive: Path):
        touch(archive / "scan[1].png", archive / "Album [1950]" / "a.png", archive / "Album [1950]" / "b[1].png")
        assert find_photos("archive/scan[1].png").photos == [
            PhotoFile(Path("archive/scan[1].png"), Path("scan[1].png"))
        ]
        assert names("archive/Album [1950]") == ["a.png", "b[1].png"]
        assert names("archive/Album [1950]/*.png") == ["a.png", "b[1].png"]
        assert names("archive/Album [1950]/b[1].png") == ["b[1].png"]
        assert names("archive/**/Album [1950]/a*.png") == ["Album [1950]/a.png"]

    def test_a_missing_file_in_such_a_folder_is_left_for_the_reader_to_name(self, archive: Path):
        (archive / "Album [1950]").mkdir()
        assert names("archive/Album [1950]/gone.png") == ["gone.png"]

    def test_brackets_that_name_nothing_are_a_pattern(self, archive: Path):
        touch(archive / "scan1.png")
        assert names("archive/scan[1].png") == ["scan1.png"]

    def test_links_that_lead_back_give_nothing_twice(self, archive: Path):
        before = names("archive/**")
        (archive / "1930" / "loop").symlink_to(archive)
        (archive / "above").symlink_to(archive.parent)
        (archive / "0").symlink_to(archive / "1930")
        assert names("archive/**") == before

    def test_a_folder_elsewhere_is_reached_by_a_link_once(self, archive: Path):
        touch(archive.parent / "elsewhere" / "e.png")
        for name in ("x", "y"):
            (archive / name).symlink_to(archive.parent / "elsewhere")
        assert [name for name in names("archive/**") if name.endswith("e.png")] in (["x/e.png"], ["y/e.png"])

    def test_the_folder_itself_may_be_a_link(self, archive: Path):
        (archive.parent / "link").symlink_to(archive)
        assert names("link/**") == names("archive/**")

    @pytest.mark.parametrize("folder", ["@eaDir", "__MACOSX", ".thumbnails", "#recycle", "$RECYCLE.BIN"])
    def test_go_past_previews_copies_and_what_was_thrown_away(self, archive: Path, folder: str):
        before = names("archive/**")
        touch(archive / "1930" / folder / "c.jpg")
        assert names("archive/**") == before
        assert names(f"archive/1930/{folder}/*.jpg") == ["c.jpg"]  # who names it means it


class TestLeftOut:
    def test_are_files_beside_photographs_the_hidden_ones_too(self, archive: Path):
        touch(archive / "._a.png")
        assert left_out("archive") == ["archive/._a.png", "archive/.hidden.jpg", "archive/notes.txt"]

    def test_of_a_pattern_are_those_that_it_means(self, archive: Path):
        assert left_out("archive/*") == ["archive/notes.txt"]
        assert left_out("archive/*.png") == []

    def test_are_told_by_kind_the_most_frequent_first(self):
        files = map(Path, ["a.txt", "b.xyz", "c.XYZ", ".d.jpg", "README"])
        assert kinds(files) == ".xyz, .txt, hidden, no suffix"


@given(
    st.lists(st.sampled_from(["a.jpg", "b.PNG", "c.txt", ".d.jpg", "e", "f.jxl", "g.jpg.part", "h.tif"]), unique=True)
)
def test_every_file_of_a_folder_is_a_photograph_or_left_out(files: list[str]):
    with TemporaryDirectory() as folder:
        touch(*(Path(folder, name) for name in files))
        found = find_photos(folder)
        counted = [photo.path for photo in found.photos] + found.left_out
        assert sorted(path.name for path in counted if path) == sorted(files)


class TestResultName:
    @pytest.mark.parametrize(
        ("photo", "result"),
        [
            ("a.JPG", "a.JPG"),
            ("1920/a.jfif", "1920/a.jfif"),
            ("a.pgm", "a.pgm.png"),
            ("a.b.tga", "a.b.tga.png"),
            ("scan", "scan.png"),
            ("scan no. 12", "scan no. 12.png"),
            ("a.txt", "a.txt.png"),
        ],
    )
    def test_is_the_photographs_but_for_formats_that_are_not_written(self, photo: str, result: str):
        assert result_name(Path(photo)) == Path(result)


class TestOutputs:
    def outputs(self, *photos: PhotoFile, folder: Path) -> list[Path | str]:
        """What each photograph gets: its output, or the reason why not."""
        outputs, results = Outputs(photos, folder), []
        for photo in photos:
            try:
                results += outputs.claim(photo)
            except ImageError as error:
                results.append(str(error))
        return results

    def test_keep_the_name(self, tmp_path: Path):
        assert self.outputs(PhotoFile(Path("in/a.png"), Path("1920/a.png")), folder=tmp_path) == [
            tmp_path / "1920/a.png"
        ]

    def test_two_photographs_of_one_name_never_share_an_output(self, tmp_path: Path):
        first, second = PhotoFile(Path("1/a.png"), Path("a.png")), PhotoFile(Path("2/a.png"), Path("a.png"))
        output, problem = self.outputs(first, second, folder=tmp_path)
        assert output == tmp_path / "a.png"
        assert problem == f"2/a.png: {output} is the output of 1/a.png already; choose another folder"

    def test_formats_that_become_png_have_one_each(self, tmp_path: Path):
        photos = [PhotoFile(Path("in") / name, Path(name)) for name in ("a.pgm", "a.png", "a.tga")]
        names = ["a.pgm.png", "a.png", "a.tga.png"]
        assert self.outputs(*photos, folder=tmp_path) == [tmp_path / name for name in names]

    def test_a_photograph_is_never_replaced_by_a_result(self, tmp_path: Path):
        own = PhotoFile(tmp_path / "a.png", Path("a.png"))
        other = PhotoFile(Path("in/b.png"), Path("b.png"))
        later = PhotoFile(tmp_path / "b.png", Path("c.png"))
        (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
        results = self.outputs(own, other, later, folder=tmp_path / "link")
        assert "would replace the photograph" in str(results[0])
        assert "would replace the photograph" in str(results[1])
        assert results[2] == tmp_path / "link" / "c.png"

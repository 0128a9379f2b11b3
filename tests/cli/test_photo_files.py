"""Which photographs an argument means, and where results go."""

import os
from pathlib import Path

import pytest

from colorizer_hf.cli.photo_files import Outputs, PhotoFile, find_photos
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
    return [photo.name.as_posix() for photo in find_photos(argument)]


class TestFindPhotos:
    def test_a_file_is_taken_whatever_its_name(self, archive: Path):
        assert find_photos("archive/notes.txt") == [PhotoFile(Path("archive/notes.txt"), Path("notes.txt"))]

    def test_a_missing_file_is_left_for_the_reader_to_name(self):
        assert find_photos("nowhere.jpg") == [PhotoFile(Path("nowhere.jpg"), Path("nowhere.jpg"))]

    def test_a_folder_means_the_photographs_directly_in_it(self, archive: Path):
        assert names("archive") == ["a.png", "b.JPG"]

    def test_a_folder_shows_what_is_only_named_like_a_photograph(self, archive: Path):
        (archive / "folder.jpg").mkdir()
        (archive / "dangling.jpg").symlink_to(archive / "gone.jpg")
        assert names("archive") == ["a.png", "b.JPG", "dangling.jpg", "folder.jpg"]

    def test_a_pattern_that_the_shell_left_alone_is_expanded(self, archive: Path):
        assert names("archive/*.png") == ["a.png"]
        assert names(f"{archive}/[ab].*") == ["a.png", "b.JPG"]

    def test_a_deep_pattern_keeps_sub_folders_and_skips_hidden_ones(self, archive: Path):
        assert names("archive/**/*.*") == ["1920/a.png", "1930/a.png", "1930/c.tif", "a.png", "b.JPG"]

    def test_a_file_whose_name_looks_like_a_pattern_is_that_file(self, archive: Path):
        (archive / "scan[1].png").touch()
        assert find_photos("archive/scan[1].png") == [PhotoFile(Path("archive/scan[1].png"), Path("scan[1].png"))]

    def test_an_empty_name_is_not_the_current_folder(self, archive: Path):
        with pytest.raises(ImageError, match="an empty name was given"):
            find_photos("")

    def test_a_pipe_in_a_folder_is_left_alone_for_nobody_may_ever_fill_it(self, archive: Path):
        os.mkfifo(archive / "pipe.jpg")
        assert names("archive") == ["a.png", "b.JPG"]
        assert names("archive/pipe.jpg") == ["pipe.jpg"]

    def test_a_name_that_is_too_long_is_left_for_the_reader_to_name(self, archive: Path):
        assert names("x" * 300 + ".jpg") == ["x" * 300 + ".jpg"]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may look everywhere")
    def test_a_folder_that_nobody_may_look_into_is_an_error_that_names_it(self, archive: Path):
        archive.chmod(0)
        with pytest.raises(ImageError, match="archive: it cannot be looked into"):
            find_photos("archive")
        assert names("archive/a.png") == ["a.png"]

    @pytest.mark.parametrize("argument", ["archive/empty", "archive/*.webp"])
    def test_what_holds_no_photographs_is_an_error_that_names_it(self, archive: Path, argument: str):
        (archive / "empty").mkdir()
        with pytest.raises(ImageError) as caught:
            find_photos(argument)
        assert str(caught.value).startswith(f"{argument}: no photographs")


class TestOutputs:
    def outputs(self, *photos: PhotoFile, folder: Path, overwrite: bool = False) -> list[Path | str]:
        """What each photograph gets: its output, or the reason why not."""
        outputs, results = Outputs(photos, folder, overwrite=overwrite), []
        for photo in photos:
            try:
                results.append(outputs.claim(photo))
            except ImageError as error:
                results.append(str(error))
        return results

    def test_keep_the_name(self, tmp_path: Path):
        assert self.outputs(PhotoFile(Path("in/a.png"), Path("1920/a.png")), folder=tmp_path) == [
            tmp_path / "1920/a.png"
        ]

    def test_two_photographs_of_one_name_never_share_an_output(self, tmp_path: Path):
        first, second = PhotoFile(Path("1/a.png"), Path("a.png")), PhotoFile(Path("2/a.png"), Path("a.png"))
        output, problem = self.outputs(first, second, folder=tmp_path, overwrite=True)
        assert output == tmp_path / "a.png"
        assert problem == f"2/a.png: {output} is the output of 1/a.png already; choose another folder"

    def test_what_exists_is_replaced_only_when_asked(self, tmp_path: Path):
        photo = PhotoFile(Path("in/a.png"), Path("a.png"))
        (tmp_path / "a.png").touch()
        assert "exists already" in str(self.outputs(photo, folder=tmp_path)[0])
        assert self.outputs(photo, folder=tmp_path, overwrite=True) == [tmp_path / "a.png"]

    def test_a_photograph_is_never_replaced_by_a_result(self, tmp_path: Path):
        own = PhotoFile(tmp_path / "a.png", Path("a.png"))
        other = PhotoFile(Path("in/b.png"), Path("b.png"))
        later = PhotoFile(tmp_path / "b.png", Path("c.png"))
        (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
        results = self.outputs(own, other, later, folder=tmp_path / "link", overwrite=True)
        assert "would replace the photograph" in str(results[0])
        assert "would replace the photograph" in str(results[1])
        assert results[2] == tmp_path / "link" / "c.png"

"""What the server keeps for the tabs that are open."""

from pathlib import Path

import pytest

from colorizer_hf.webui import workspace as module
from colorizer_hf.webui.files import example_photos
from colorizer_hf.webui.workspace import LostPhotoError, Workspaces

PHOTO = example_photos()[0]


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path)


def test_each_tab_has_a_folder_of_its_own_that_cannot_be_guessed(workspaces: Workspaces) -> None:
    first, second = workspaces.of("first"), workspaces.of("second")
    assert workspaces.of("first") is first
    assert first.folder != second.folder
    assert len(first.folder.name) >= 32
    assert "first" not in first.folder.name


def test_a_tab_that_closes_leaves_nothing(workspaces: Workspaces, tmp_path: Path) -> None:
    tab = workspaces.of("tab")
    tab.open(PHOTO, keep=True)
    workspaces.close("tab")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(LostPhotoError):
        _ = tab.photo


def test_closing_a_tab_that_never_did_anything_is_no_error(workspaces: Workspaces) -> None:
    workspaces.close("unknown")


def test_the_tabs_used_least_recently_forget_their_photos_and_read_them_again(
    workspaces: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TABS_IN_MEMORY", 2)
    for name in ("a", "b", "c"):
        workspaces.of(name).open(PHOTO, keep=True)
    workspaces.of("a")
    workspaces.bound_memory()
    assert [name for name in "abc" if workspaces.of(name).pixels_in_memory] == ["a", "c"]
    assert workspaces.of("b").photo.size == workspaces.of("a").photo.size


def test_a_photo_larger_than_all_memory_is_kept_while_it_is_worked_on(
    workspaces: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PIXELS_IN_MEMORY", 1)
    workspaces.of("old").open(PHOTO, keep=True)
    workspaces.of("new").open(PHOTO, keep=True)
    workspaces.bound_memory()
    assert not workspaces.of("old").pixels_in_memory
    assert workspaces.of("new").pixels_in_memory


def test_tabs_that_never_say_goodbye_do_not_pile_up(workspaces: Workspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TABS", 3)
    first = workspaces.of("0")
    first.open(PHOTO, keep=True)
    for number in range(1, 5):
        workspaces.of(str(number))
    assert not first.folder.exists()

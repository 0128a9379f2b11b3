import tarfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer_hf.errors import ImageError
from colorizer_hf.metrics.pairs import NirPair, count_pairs, read_pairs

COLOURS = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
NIR = 200 - np.arange(6 * 8, dtype=np.uint8).reshape(6, 8)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, lossless=True)  # which only WebP looks at


def save_pair(folder: Path, name: str, suffix: str = ".png") -> None:
    save(folder / f"{name}_nir{suffix}", NIR)
    save(folder / f"{name}_rgb{suffix}", COLOURS)


def names(source: Path) -> list[str]:
    return [pair.name for pair in read_pairs(source)]


def assert_is_the_pair(pair: NirPair) -> None:
    np.testing.assert_array_equal(pair.nir, NIR)
    np.testing.assert_array_equal(pair.rgb, COLOURS)
    assert pair.nir.dtype == pair.rgb.dtype == np.uint8


class TestLayouts:
    @pytest.mark.parametrize("suffix", [".png", ".tiff", ".webp", ".bmp"])
    def test_a_flat_folder_comes_sorted_by_name(self, tmp_path, suffix):
        for name in ("forest_0002", "country_0008"):
            save_pair(tmp_path, name, suffix)
        assert names(tmp_path) == ["country_0008", "forest_0002"]
        for pair in read_pairs(tmp_path):
            assert_is_the_pair(pair)

    @pytest.mark.parametrize("mode", ["w", "w:gz"])
    def test_a_tar_file_in_any_order(self, tmp_path, mode):
        for name in ("b", "a"):
            save_pair(tmp_path / "files", name, ".webp")
        with tarfile.open(tmp_path / "pairs.tar", mode) as tar:
            for name in ("b_rgb", "a_nir", "b_nir", "a_rgb"):
                tar.add(tmp_path / "files" / f"{name}.webp", f"./{name}.webp")
        assert names(tmp_path / "pairs.tar") == ["a", "b"]
        for pair in read_pairs(str(tmp_path / "pairs.tar")):
            assert_is_the_pair(pair)

    def test_numbers_in_folders_of_classes_as_epfl_has_them(self, tmp_path):
        save_pair(tmp_path / "nirscene1" / "water", "0008", ".tiff")
        save_pair(tmp_path / "nirscene1" / "country", "0008", ".tiff")
        assert names(tmp_path) == names(tmp_path / "nirscene1") == ["country_0008", "water_0008"]
        assert names(tmp_path / "nirscene1" / "water") == ["0008"]

    def test_the_training_folders_of_vcip_2020(self, tmp_path):
        save(tmp_path / "NIR" / "field_0001_nir.png", NIR)
        save(tmp_path / "RGB-Registered" / "field_0001_rgb_reg.png", COLOURS)
        save(tmp_path / "RGB-Online" / "sunset.png", COLOURS)
        (pair,) = read_pairs(tmp_path)
        assert pair.name == "field_0001"
        assert_is_the_pair(pair)

    @pytest.mark.parametrize("name", ["field_0001", "0001"])
    def test_folders_that_name_the_side_with_files_that_share_names(self, tmp_path, name):
        save(tmp_path / "NIR" / f"{name}.png", NIR)
        save(tmp_path / "RGB-Registered" / f"{name}.png", COLOURS)
        (pair,) = read_pairs(tmp_path)
        assert pair.name == name
        assert_is_the_pair(pair)

    def test_the_test_folder_of_vcip_2020_with_its_previews_and_mixed_case(self, tmp_path):
        save(tmp_path / "Testing" / "testing_0001_nir_reg.png", NIR)
        save(tmp_path / "Testing" / "Testing_0001_rgb_reg.png", COLOURS)
        save(tmp_path / "Testing" / "visual" / "vis_testing_0001_nir.png", NIR)
        assert names(tmp_path) == names(tmp_path / "Testing") == ["testing_0001"]


class TestNir:
    @pytest.mark.parametrize("suffix", [".png", ".tiff"])
    def test_keeps_16_bits(self, tmp_path, suffix):
        deep = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1001
        save_pair(tmp_path, "a")
        (tmp_path / "a_nir.png").unlink()
        if suffix == ".tiff":
            tifffile.imwrite(tmp_path / "a_nir.tiff", deep)
        else:
            save(tmp_path / "a_nir.png", deep)
        (pair,) = read_pairs(tmp_path)
        assert pair.nir.dtype == np.uint16
        np.testing.assert_array_equal(pair.nir, deep)

    def test_becomes_one_channel_where_it_was_stored_as_three(self, tmp_path):
        save_pair(tmp_path, "a")
        save(tmp_path / "a_nir.png", np.stack([NIR] * 3, axis=-1))
        (pair,) = read_pairs(tmp_path)
        assert_is_the_pair(pair)


class TestCountPairs:
    def test_counts_without_decoding(self, tmp_path):
        save_pair(tmp_path, "a")
        save_pair(tmp_path, "b")
        (tmp_path / "b_nir.png").write_bytes(b"")
        assert count_pairs(tmp_path) == 2


class TestRefusals:
    def test_nothing_there(self, tmp_path):
        with pytest.raises(ImageError, match=r"nowhere does not exist; give a folder or tar file"):
            names(tmp_path / "nowhere")

    def test_no_pairs(self, tmp_path):
        save(tmp_path / "cat.png", COLOURS)
        with pytest.raises(ImageError, match=r"has no pairs; give a folder or tar file with NAME_nir and NAME_rgb"):
            names(tmp_path)

    @pytest.mark.parametrize(("kept", "missing"), [("nir", "rgb"), ("rgb", "nir")])
    def test_one_side_is_missing(self, tmp_path, kept, missing):
        save_pair(tmp_path, "a")
        save_pair(tmp_path, "b")
        (tmp_path / f"b_{missing}.png").unlink()
        with pytest.raises(
            ImageError, match=rf"b_{kept}.png has no {missing.upper()} picture beside it; add b_{missing}"
        ):
            names(tmp_path)

    def test_one_side_twice(self, tmp_path):
        save_pair(tmp_path, "a")
        save(tmp_path / "a_nir.bmp", NIR)
        with pytest.raises(ImageError, match=r"a_nir.png and .*a_nir.bmp are the same side of one pair"):
            names(tmp_path)

    def test_sizes_differ(self, tmp_path):
        save_pair(tmp_path, "a")
        save(tmp_path / "a_rgb.png", COLOURS[:5])
        with pytest.raises(ImageError, match=r"the sizes of the pair a differ: NIR 8 x 6, RGB 8 x 5"):
            names(tmp_path)

    @pytest.mark.parametrize("side", ["nir", "rgb"])
    @pytest.mark.parametrize("content", [b"", b"no picture", "half"])
    def test_a_damaged_picture_is_named(self, tmp_path, side, content):
        save_pair(tmp_path, "a")
        path = tmp_path / f"a_{side}.png"
        path.write_bytes(path.read_bytes()[:45] if content == "half" else content)
        with pytest.raises(ImageError, match=f"a_{side}.png"):
            names(tmp_path)

    @pytest.mark.parametrize("side", ["nir", "rgb"])
    def test_a_damaged_picture_in_a_tar_file_is_named(self, tmp_path, side):
        save_pair(tmp_path, "a")
        (tmp_path / f"a_{side}.png").write_bytes(b"no picture")
        with tarfile.open(tmp_path / "pairs.tar", "w") as tar:
            for path in sorted(tmp_path.glob("*.png")):
                tar.add(path, path.name)
        with pytest.raises(ImageError, match=f"a_{side}.png"):
            names(tmp_path / "pairs.tar")

    @pytest.mark.parametrize("side", ["nir", "rgb"])
    def test_a_link_to_nowhere_is_named(self, tmp_path, side):
        save_pair(tmp_path, "a")
        (tmp_path / f"a_{side}.png").unlink()
        (tmp_path / f"a_{side}.png").symlink_to(tmp_path / "nowhere.png")
        with pytest.raises(ImageError, match=f"a_{side}.png"):
            names(tmp_path)

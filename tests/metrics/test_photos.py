import io
import tarfile
from pathlib import Path
from typing import Literal

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from colorizer_hf.errors import ImageError
from colorizer_hf.metrics.photos import GrayPhotoError, count_photos, iterate_photos, load_photos


def save(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (40, 30), **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path, **options)
    return path


def reds(photos: list[np.ndarray]) -> list[int]:
    return [int(photo[0, 0, 0]) for photo in photos]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photographs, the later in the order the redder, and things that are none."""
    save(tmp_path / "a.png", (1, 60, 90))
    save(tmp_path / "b" / "c.PNG", (2, 60, 90))
    save(tmp_path / "d.bmp", (3, 60, 90))
    for name in (".thumbnail.png", "@eaDir/d.bmp/SYNOPHOTO_THUMB.jpg", "__MACOSX/a.png", ".cache/a.png"):
        save(tmp_path / name, (9, 60, 90))
    (tmp_path / "notes.txt").write_text("no photograph")
    (tmp_path / "album.jpg").mkdir()
    return tmp_path


@pytest.fixture
def archive(folder: Path, tmp_path_factory) -> Path:
    """The photographs of the folder in another order, as WebDataset samples with labels beside them."""
    path = tmp_path_factory.mktemp("shards") / "photos.tar"
    with tarfile.open(path, "w") as tar:
        for key, name in enumerate(["d.bmp", "a.png", "b/c.PNG"]):
            tar.add(folder / name, f"{key:06d}{Path(name).suffix}")
            tar.add(folder / "notes.txt", f"{key:06d}.txt")
            tar.add(folder / ".thumbnail.png", f"__MACOSX/._{key:06d}.png")
            tar.add(folder / ".thumbnail.png", f"__MACOSX/{key:06d}.png")
    return path


class TestLoadPhotos:
    def test_reads_a_folder_with_its_sub_folders_in_the_order_of_the_names(self, folder):
        assert reds(load_photos(folder)) == [1, 2, 3]

    def test_reads_a_tar_file_in_its_own_order(self, archive):
        assert reds(load_photos(archive)) == [3, 1, 2]

    def test_squashes_to_8_bit_rgb_squares(self, folder):
        for photo in load_photos(folder, size=24):
            assert photo.shape == (24, 24, 3)
            assert photo.dtype == np.uint8

    def test_averages_where_it_shrinks(self, tmp_path):
        stripes = np.zeros((64, 64, 3), np.uint8)
        stripes[:, ::2] = 255, 245, 235
        Image.fromarray(stripes).save(tmp_path / "stripes.png")
        (photo,) = load_photos(tmp_path, size=8)
        assert np.abs(photo.astype(int) - 122).max() <= 20  # plain bilinear would see one sort of stripe only

    def test_turns_photographs_upright(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was turned: the left edge as stored is the top
        stored = Image.new("RGB", (16, 16), (0, 0, 0))
        stored.paste((200, 0, 0), (0, 0, 8, 16))
        stored.save(tmp_path / "turned.png", exif=exif)
        (photo,) = load_photos(tmp_path, size=16)
        assert (photo[0, :, 0] == 200).all()
        assert (photo[-1, :, 0] == 0).all()

    def test_stops_at_the_limit(self, folder):
        assert reds(load_photos(folder, 2)) == [1, 2]

    def test_names_and_skips_what_cannot_be_read(self, folder):
        (folder / "a2.jpg").write_bytes(b"no JPEG")
        (folder / "dangling.png").symlink_to(folder / "nowhere.png")
        complete = save(folder / "e.jpg", (4, 60, 90), (200, 200), quality=95).read_bytes()
        (folder / "e.jpg").write_bytes(complete[: len(complete) // 2])
        skipped: list[ImageError] = []
        assert reds(load_photos(folder, on_skip=skipped.append)) == [1, 2, 3]
        assert [Path(str(error).split(": ")[0]).name for error in skipped] == [
            "a2.jpg",
            "dangling.png",
            "e.jpg",
        ]

    def test_does_not_count_what_was_skipped_against_the_limit(self, folder):
        (folder / "a.png").write_bytes(b"")
        assert reds(load_photos(folder, 2, on_skip=lambda error: None)) == [2, 3]

    def test_says_where_no_photograph_is(self, tmp_path):
        with pytest.raises(ImageError, match="has no colour photograph that can be read"):
            load_photos(tmp_path)

    def test_says_that_nothing_is_there(self, tmp_path):
        with pytest.raises(ImageError, match=r"nowhere does not exist; give a folder or tar file"):
            load_photos(tmp_path / "nowhere")

    def test_says_in_one_line_what_no_reader_knows(self, folder):
        (folder / "a2.jpg").write_bytes(b"no JPEG")
        skipped: list[ImageError] = []
        load_photos(folder, on_skip=skipped.append)
        (sentence,) = map(str, skipped)
        assert sentence.startswith(f"{folder / 'a2.jpg'}: it is not a picture of a format that is read here")
        assert "\n" not in sentence

    def test_gives_everything_once_however_links_lead(self, folder):
        (folder / "b" / "loop").symlink_to(folder)
        assert reds(load_photos(folder)) == [1, 2, 3]

    @pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
    def test_says_that_a_compressed_tar_file_is_cut_off(self, folder, tmp_path, mode: Literal["w:gz", "w:bz2", "w:xz"]):
        path = tmp_path / "photos.tar.any"
        noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "noise.png")
        with tarfile.open(path, mode) as tar:
            for number in range(3):
                tar.add(folder / "noise.png", f"{number}.png")
        path.write_bytes(path.read_bytes()[:-100_000])
        for use in (count_photos, load_photos):
            with pytest.raises(ImageError, match=r"photos.tar.any is neither a folder nor a tar file that can be read"):
                use(path)

    def test_a_damaged_tar_file_is_one_line(self, tmp_path):
        (tmp_path / "empty.tar").touch()
        with pytest.raises(ImageError) as caught:
            load_photos(tmp_path / "empty.tar")
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("cut", [0, 700])
    def test_says_that_a_tar_file_is_damaged(self, archive, cut):
        archive.write_bytes(b"\1" * 512 + archive.read_bytes()[:cut])
        with pytest.raises(ImageError, match=r"photos.tar is neither a folder nor a tar file that can be read"):
            load_photos(archive)


class TestGrayPhotographs:
    """They equal the gray floor, and would lift its average out of all proportion."""

    @pytest.mark.parametrize("mode", ["L", "RGB", "1", "noise", "JPEG"])
    def test_are_left_out_and_named(self, folder, mode):
        picture = Image.linear_gradient("L").rotate(30)
        if mode == "noise":
            noise = np.random.default_rng(0).integers(0, 4, (256, 256, 3), dtype=np.uint8)
            picture = Image.fromarray(np.asarray(picture)[..., None] // 2 + noise)
        elif mode != "JPEG":
            picture = picture.convert(mode)
        picture.convert("RGB" if mode == "JPEG" else picture.mode).save(
            folder / "a2", mode if mode == "JPEG" else "PNG"
        )
        (folder / "a2").rename(folder / "a2.png")
        skipped: list[ImageError] = []
        assert reds(load_photos(folder, on_skip=skipped.append)) == [1, 2, 3]
        (error,) = skipped
        assert isinstance(error, GrayPhotoError)
        assert str(error) == f"{folder / 'a2.png'} is gray and was left out"

    def test_are_not_those_of_weak_colours_or_of_one_tone(self, tmp_path):
        save(tmp_path / "fog.png", (140, 146, 150))
        save(tmp_path / "sepia.png", (150, 130, 100))
        assert reds(load_photos(tmp_path)) == [140, 150]


class TestPixels:
    """Are those that the pipeline starts from."""

    def test_have_their_profile_applied(self, tmp_path):
        pixels = np.full((64, 64, 3), (200, 100, 60), np.uint8)
        profile = bytes(imagecodecs.cms_profile("adobergb"))
        Image.fromarray(pixels).save(tmp_path / "wide.png", icc_profile=profile)
        (photo,) = load_photos(tmp_path)
        into_srgb = ImageCms.profileToProfile(
            Image.fromarray(pixels), ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        )
        assert into_srgb is not None
        expected = np.asarray(into_srgb)[0, 0].astype(int)
        assert np.abs(expected - (200, 100, 60)).max() > 10
        assert np.abs(photo[0, 0].astype(int) - expected).max() <= 2

    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    def test_of_16_bits_are_rounded_to_8(self, tmp_path, suffix):
        pixels = np.full((64, 64, 3), (200 * 257 + 100, 100 * 257 - 100, 60 * 257), np.uint16)
        if suffix == ".tif":
            tifffile.imwrite(tmp_path / "deep.tif", pixels, photometric="rgb")
        else:
            (tmp_path / "deep.png").write_bytes(imagecodecs.png_encode(pixels))
        (photo,) = load_photos(tmp_path)
        assert (photo == (200, 100, 60)).all()


class TestIteratePhotos:
    def test_reads_no_further_than_asked(self, folder):
        (folder / "d.bmp").write_bytes(b"")
        skipped: list[ImageError] = []
        photos = iterate_photos(folder, on_skip=skipped.append)
        next(photos)
        assert not skipped


class TestCountPhotos:
    def test_counts_photographs_alone(self, folder, archive):
        assert count_photos(folder) == count_photos(archive) == 3

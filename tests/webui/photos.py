"""Files as people drop them into a page, the odd ones included."""

from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from tests.webui.servers import ROOT

EXAMPLES = ROOT / "colorizer_hf" / "webui" / "examples"
CUP = EXAMPLES / "coffee_cup.jpg"  # 600 x 400


def make_photos(folder: Path) -> None:
    """Write one file of each kind into `folder`; those that are pictures show the cup, upright."""
    with Image.open(CUP) as picture:
        cup = picture.convert("L")
    cup.save(folder / "gray.png")
    sixteen_bits = np.asarray(cup).astype(np.uint16) * 257
    sixteen_bits[::2] ^= 0x55  # low bits that 8 bits would lose
    tifffile.imwrite(folder / "sixteen_bits.tif", sixteen_bits, compression="zlib")
    (folder / "sixteen_bits.png").write_bytes(imagecodecs.png_encode(sixteen_bits))
    _save_as_a_phone_does(cup, folder / "phone.jpg")
    see_through = cup.convert("RGBA")
    see_through.putalpha(Image.linear_gradient("L").resize(cup.size))
    see_through.save(folder / "see_through.png")

    (folder / "text.jpg").write_text("a shopping list")
    (folder / "empty.jpg").touch()
    Image.new("1", (20_000, 15_000)).save(folder / "huge.png")  # 300 megapixels in 40 kB
    (folder / "cut_off.jpg").write_bytes(CUP.read_bytes()[:20_000])


def _save_as_a_phone_does(picture: Image.Image, path: Path) -> None:
    """A colour JPEG of the picture lying on its side, with a note of how to turn it and who took it when."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif[0x8769] = {0x9003: "1931:05:06 07:08:09"}
    lying = picture.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    lying.save(path, quality=95, exif=exif, dpi=(300, 300))

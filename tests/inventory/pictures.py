"""Small pictures, with all that a camera writes beside what is seen."""

import struct
import zlib
from io import BytesIO

from PIL import Image
from PIL.Image import Exif
from PIL.PngImagePlugin import PngInfo

SECRET = b"N 51 30 W 0 7"
"""Where they were taken. It must be found nowhere afterwards."""

RED, BLUE = (200, 30, 30), (30, 30, 200)


def drawn(width: int, height: int) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def exif(orientation: int) -> Exif:
    """An orientation, and a place."""
    found = Exif()
    found[0x0112] = orientation
    found[0x9286] = found[0x010E] = SECRET.decode()
    return found


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    """The file of a picture, with something behind its end."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue() + SECRET


def png(width: int, height: int) -> bytes:
    """A PNG with a comment and EXIF."""
    text = PngInfo()
    text.add_text("Comment", SECRET.decode())
    return written(drawn(width, height), "PNG", pnginfo=text, exif=exif(1))


def jpeg(width: int, height: int, orientation: int = 1) -> bytes:
    """A progressive JPEG with EXIF, XMP and a comment."""
    image = drawn(width, height)
    told = {"exif": exif(orientation), "xmp": SECRET, "comment": SECRET}
    return written(image, "JPEG", quality=90, progressive=True, **told)


def webp(width: int, height: int, orientation: int = 1) -> bytes:
    """A WebP with EXIF and XMP."""
    return written(drawn(width, height), "WEBP", quality=90, exif=exif(orientation), xmp=SECRET)


def head_of_png(width: int, height: int) -> bytes:
    """A PNG that promises so many pixels, and has none."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    parts = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (head, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

"""Pictures as they come from a camera: what is taken, and in which sizes it is kept."""

from dataclasses import dataclass
from threading import Lock

from dashboard.core.errors import Invalid

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 60_000_000
MAX_WEBP_PIXELS = 20_000_000
"""A WebP has no smaller picture in it that could be read instead, and its reader takes 15 bytes for each pixel."""

LONGEST = 2_048
"""Pixels of the longer side, as a picture is kept."""

SMALL = 160
"""Pixels of the longer side of what lists show."""

_one_at_a_time = Lock()
"""Until they are shrunk 60 megapixels take 320 MB."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that tells no more than what is seen, and its small one, both of `media_type`.

    `width` and `height` are pixels of the picture.
    """

    media_type: str
    content: bytes
    small: bytes
    width: int
    height: int


class Damaged(Exception):
    """The file is not built as its kind is."""


def clean_picture(content: bytes) -> Picture:
    """The picture in a JPEG, PNG or WebP file. Raises Invalid for anything else, and for one that is too large."""
    if len(content) > MAX_BYTES:
        raise Invalid.field("photos", f"it is larger than {MAX_BYTES // (1024 * 1024)} MB")
    begins = content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
    if not begins and (content[:4], content[8:12]) != (b"RIFF", b"WEBP"):
        raise Invalid.field("photos", "it is no JPEG, PNG or WebP picture")
    from dashboard.inventory.service import drawing  # noqa: PLC0415 - only a process that takes photos carries Pillow

    try:
        with _one_at_a_time:
            return drawing.drawn_anew(content)
    except Damaged as error:
        raise Invalid.field("photos", "the file is damaged") from error

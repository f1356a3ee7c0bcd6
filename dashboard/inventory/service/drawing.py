"""Pictures drawn anew: upright, no larger than is looked at, in the colours of screens.

Of a file nothing is kept but its pixels. What stands beside them (place, time and owner, comments, previews, whatever
is behind the end) is left behind with it.
"""

import struct
from io import BytesIO
from typing import Any, Literal

from PIL import Image, ImageCms

from dashboard.core.errors import Invalid
from dashboard.inventory.service.pictures import LONGEST, MAX_PIXELS, MAX_WEBP_PIXELS, SMALL, Damaged, Picture

QUALITY = 85
_UNREADABLE = (OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, EOFError, struct.error)
"""What Pillow raises where a file is not built as its kind is."""

_ORIENTATION = 0x0112
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its orientation. Pillow's own way writes all EXIF anew, and fails at broken EXIF."""

_TOO_MANY = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def drawn_anew(content: bytes) -> Picture:
    """The picture in a file. Raises Damaged, and Invalid for one that moves or has too many pixels."""
    try:
        return _written(_seen(_opened(content)))
    except _UNREADABLE as error:
        raise Damaged from error


def _opened(content: bytes) -> Image.Image:
    """Its head alone is read: nothing is decoded before its size is known."""
    most = MAX_WEBP_PIXELS if content.startswith(b"RIFF") else MAX_PIXELS
    too_many = Invalid.field("photos", f"it has more than {most // 1_000_000} megapixels")
    try:
        image = Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
    except _TOO_MANY as error:
        raise too_many from error
    if image.width * image.height > most:
        raise too_many
    # A camera's JPEG may carry previews as further pictures (MPO); what is seen is the first.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise Invalid.field("photos", "it is a moving picture")
    return image


def _seen(image: Image.Image) -> Image.Image:
    """The pixels as they are to be shown: shrunk, upright, sRGB; RGBA where something shines through, else RGB."""
    if image.mode == "I;16":
        image = Image.frombytes("L", image.size, image.tobytes()[1::2])  # the upper half of each grey
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST))
    image = _in_srgb(_upright(image))
    clear = image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)
    if clear:  # what nothing is seen of has no colour either
        bare = Image.new("RGBA", image.size)
        bare.alpha_composite(image)
        return bare
    image = image.convert("RGB")
    image.info = {}  # a comment in it would be written too
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except _UNREADABLE:
        return image  # what makes no sense says nothing
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _in_srgb(image: Image.Image) -> Image.Image:
    """In the colours that screens take for granted, for the profile is not kept."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    cms: Any = ImageCms  # half of its types are not told
    try:
        found: Image.Image | None = cms.profileToProfile(
            image, BytesIO(profile), cms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, *_UNREADABLE):
        return image  # a profile that does not fit says nothing
    return found or image


def _written(image: Image.Image) -> Picture:
    kind = "WEBP" if image.mode == "RGBA" else "JPEG"
    small = image.copy()
    small.thumbnail((SMALL, SMALL))
    return Picture(Image.MIME[kind], _file(image, kind), _file(small, kind), image.width, image.height)


def _file(image: Image.Image, kind: Literal["JPEG", "WEBP"]) -> bytes:
    content = BytesIO()
    image.save(content, kind, quality=QUALITY, optimize=True, progressive=True)
    return content.getvalue()

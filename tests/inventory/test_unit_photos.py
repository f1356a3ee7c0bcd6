"""Photos of units: taken clean, in order, for the own business alone."""

import json
import struct
from io import BytesIO
from typing import Any, cast
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageCms
from sqlalchemy import func, select

from benchmarks.counting import statements_of
from dashboard.accounts import service as accounts
from dashboard.config import Settings
from dashboard.core import jobs
from dashboard.core.belongings import tenant_folder
from dashboard.core.db import reads
from dashboard.core.errors import Invalid, NotAllowed, NotFound
from dashboard.inventory.models import UnitPhoto
from dashboard.inventory.queries.photos import first_photos, photo_file, photos_of
from dashboard.inventory.service import photos, pictures
from dashboard.inventory.service.pictures import clean_picture
from tests.conftest import Merchants, sign_in, token_at
from tests.inventory.pictures import BLUE, RED, SECRET, drawn, exif, head_of_png, jpeg, png, webp, written
from tests.inventory.shop import Shop, imei, open_shop


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content)).convert("RGBA")


def colours(content: bytes, *places: tuple[int, int]) -> list[str]:
    """What is seen at some places: "red" or "blue" where it is nearly that."""
    found = [cast(tuple[int, ...], opened(content).getpixel(place)) for place in places]
    return ["red" if r > b + 100 else "blue" if b > r + 100 else "other" for r, _, b, _ in found]


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(40, 20), (40, 20)),
        (jpeg(40, 30), (40, 30)),
        (jpeg(40, 30, 3), (40, 30)),
        (jpeg(40, 30, 6), (30, 40)),
        (webp(50, 40), (50, 40)),
        (webp(50, 40, 6), (40, 50)),
    ],
    ids=("PNG", "JPEG", "JPEG upside down", "JPEG on its side", "WebP", "WebP on its side"),
)
def test_a_picture_is_known_by_its_content_and_tells_no_more_than_what_is_seen(
    content: bytes, size: tuple[int, int]
) -> None:
    found = clean_picture(content)
    assert (found.media_type, found.width, found.height) == ("image/jpeg", *size)
    assert opened(found.content).size == opened(found.small).size == size
    assert SECRET in content
    for kept in (found.content, found.small):
        assert SECRET not in kept
        assert b"Exif" not in kept
        assert set(Image.open(BytesIO(kept)).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density",
                                                       "progressive", "progression"}  # fmt: skip


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, "top left"), (2, "top right"), (3, "bottom right"), (4, "bottom left"),
        (5, "top left"), (6, "top right"), (7, "bottom right"), (8, "bottom left"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright(kind: str, orientation: int, corner: str) -> None:
    image = Image.new("RGB", (40, 24), BLUE)
    image.paste(RED, (0, 0, 20, 12))
    found = clean_picture(written(image, kind, exif=exif(orientation)))
    right, bottom = (39, 23) if orientation < 5 else (23, 39)
    assert (found.width, found.height) == (right + 1, bottom + 1)
    corners = {"top left": (2, 2), "top right": (right - 2, 2), "bottom left": (2, bottom - 2),
               "bottom right": (right - 2, bottom - 2)}  # fmt: skip
    for kept in (found.content, found.small):
        seen = dict(zip(corners, colours(kept, *corners.values()), strict=True))
        assert seen == dict.fromkeys(corners, "blue") | {corner: "red"}


def test_a_large_picture_is_shrunk_and_its_small_one_more_so() -> None:
    found = clean_picture(jpeg(3000, 1000))
    assert (found.width, found.height) == opened(found.content).size == (2048, 683)
    assert opened(found.small).size == (160, 53)
    assert len(found.small) < 5_000
    assert clean_picture(jpeg(100, 3000, 6)).width == 2048


def test_what_shines_through_still_does_and_nothing_else_is_kept_there() -> None:
    image = drawn(40, 40).convert("RGBA")
    image.paste((7, 200, 9, 0), (0, 0, 20, 40))
    found = clean_picture(written(image, "PNG"))
    assert found.media_type == "image/webp"
    for kept in (found.content, found.small):
        assert cast(tuple[int, ...], opened(kept).getpixel((5, 5)))[3] == 0
        assert cast(tuple[int, ...], opened(kept).getpixel((5, 5)))[1] < 100
        assert colours(kept, (35, 5)) == ["blue"]


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_every_way_of_writing_colours_is_read(mode: str) -> None:
    found = clean_picture(written(drawn(40, 40).convert(mode), "JPEG" if mode == "CMYK" else "PNG"))
    assert (found.media_type, colours(found.content, (5, 5), (35, 5))) == ("image/jpeg", ["red", "blue"])


def test_a_grey_of_sixteen_bits_is_as_light_as_it_was() -> None:
    found = clean_picture(written(Image.new("I;16", (20, 20), 25_600), "PNG"))
    assert cast(tuple[int, ...], opened(found.content).getpixel((9, 9)))[0] == 100


def test_colours_are_those_that_the_profile_means() -> None:
    profile = ImageCms.ImageCmsProfile(cast(Any, ImageCms).createProfile("sRGB")).tobytes()
    exchanged = profile.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")
    found = clean_picture(written(drawn(40, 40), "JPEG", icc_profile=exchanged))
    assert colours(found.content, (5, 5), (35, 5)) == ["blue", "red"]
    unfit = clean_picture(written(drawn(40, 40), "JPEG", icc_profile=b"no profile"))
    assert colours(unfit.content, (5, 5), (35, 5)) == ["red", "blue"]


def test_of_a_photo_with_previews_the_photo_is_taken_and_what_moves_is_refused() -> None:
    first, other = drawn(40, 20), drawn(20, 10)
    photo = clean_picture(written(first, "MPO", save_all=True, append_images=[other]))
    assert (photo.media_type, photo.width) == ("image/jpeg", 40)
    for kind in ("WEBP", "PNG"):
        with pytest.raises(Invalid, match="moving"):
            clean_picture(written(first, kind, save_all=True, append_images=[drawn(40, 20).rotate(90)]))


REFUSED = {
    "nothing": (b"", "no JPEG"),
    "half a GIF": (b"GIF89a" + bytes(50), "no JPEG"),
    "GIF": (written(drawn(4, 4), "GIF"), "no JPEG"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG"),
    "sound": (b"RIFF\x04\0\0\0WAVE", "no JPEG"),
    "half a PNG": (png(30, 20)[:-200], "damaged"),
    "beginning of a PNG": (png(3, 2)[:8], "damaged"),
    "PNG without pixels": (head_of_png(5, 5), "damaged"),
    "beginning of a JPEG": (jpeg(40, 30)[:40], "damaged"),
    "half a JPEG": (jpeg(400, 300)[:-300], "damaged"),
    "JPEG with an empty part": (b"\xff\xd8\xff\xe0\0\0", "damaged"),
    "JPEG of nothing": (b"\xff\xd8\xff\xff\xff", "damaged"),
    "half a WebP": (webp(50, 40)[:50], "damaged"),
    "WebP of nothing": (b"RIFF\x04\0\0\0WEBP", "damaged"),
    "61 megapixels": (head_of_png(7_800, 7_821), "megapixels"),
    "100 megapixels": (head_of_png(10_000, 10_000), "megapixels"),
    "4,295 megapixels": (head_of_png(65_535, 65_535), "megapixels"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_picture_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        clean_picture(content)


def test_a_webp_may_have_less_pixels_as_it_is_read_whole() -> None:
    wide = Image.new("RGB", (10_000, 2_001))
    with pytest.raises(Invalid, match="more than 20 megapixels"):
        clean_picture(written(wide, "WEBP", quality=0, method=0))
    assert clean_picture(written(wide, "JPEG")).width == pictures.LONGEST


def test_a_file_that_is_too_large_is_refused() -> None:
    clean_picture(png(3, 2).ljust(pictures.MAX_BYTES, b" "))
    with pytest.raises(Invalid, match="larger than 8 MB"):
        clean_picture(png(3, 2).ljust(pictures.MAX_BYTES + 1, b" "))


BROKEN = {
    "none": b"",
    "no EXIF": b"something",
    "cut off": b"II*\0",
    "beyond its end": b"MM\0*\xff\xff\xff\xff",
    "endless": b"II*\0\x08\0\0\0\xff\xff",
    "ninth": exif(9).tobytes().removeprefix(b"Exif\0\0"),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_an_orientation_that_makes_no_sense_is_none(broken: bytes, kind: str) -> None:
    assert clean_picture(written(drawn(40, 30), kind, exif=b"Exif\0\0" + broken)).width == 40


def test_an_orientation_holds_whatever_is_broken_beside_it() -> None:
    sound = struct.pack("<HHII", 0x0112, 3, 1, 6)
    broken = struct.pack("<HHI4s", 0xA005, 2, 4, b"text")  # where a place in the file belongs
    marked = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + sound + broken + bytes(4)
    assert clean_picture(written(drawn(40, 30), "JPEG", exif=marked)).width == 30


def ids(shop: Shop, unit: str) -> list[int]:
    return [photo.id for photo in photos_of(shop.by, shop.units[unit])]


def test_several_are_added_at_once_and_those_that_cannot_be_are_named(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    done = photos.add_photos(shop.by, unit, [("a.png", png(3, 2)), ("b.heic", b"heic"), ("c.jpg", jpeg(4, 3))])
    assert (done.taken, [name for name, _ in done.refused]) == (2, ["b.heic"])
    first, second = photos_of(shop.by, shop.units[unit])
    assert ((first.width, first.height), (second.width, second.height)) == ((3, 2), (4, 3))
    assert photo_file(shop.by, unit, second.id).media_type == "image/jpeg"


def test_photos_are_put_in_order_described_and_removed(shop: Shop) -> None:
    unit, other = shop.add_units(2)
    photos.add_photos(shop.by, unit, [(str(n), png(n, 1)) for n in (1, 2, 3)])
    one, two, three = ids(shop, unit)
    photos.move_photo(shop.by, unit, three, up=True)
    assert ids(shop, unit) == [one, three, two]
    photos.move_photo(shop.by, unit, one, up=True)
    photos.move_photo(shop.by, unit, one, up=False)
    assert ids(shop, unit) == [three, one, two]
    photos.describe_photo(shop.by, unit, one, "  A crack   at the top ")
    assert photos_of(shop.by, shop.units[unit])[1].alt == "A crack at the top"
    with pytest.raises(Invalid):
        photos.describe_photo(shop.by, unit, one, "x" * 201)
    photos.remove_photo(shop.by, unit, three)
    photos.add_photos(shop.by, unit, [("4", png(4, 1))])
    assert ids(shop, unit)[:2] == [one, two]
    with pytest.raises(NotFound):
        photos.remove_photo(shop.by, other, one)
    with pytest.raises(NotFound):
        photo_file(shop.by, other, one)


def test_a_unit_has_no_more_photos_than_are_allowed(shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    done = photos.add_photos(shop.by, unit, [("x.png", png(2, 2))] * (photos.MOST + 1))
    assert (done.taken, len(done.refused)) == (photos.MOST, 1)


def test_photos_are_for_the_own_business_and_changed_by_who_may(shop: Shop, merchants: Merchants) -> None:
    (unit,) = shop.add_units(1)
    photos.add_photos(shop.by, unit, [("a.png", png(3, 2))])
    (photo,) = ids(shop, unit)
    with pytest.raises(NotFound):
        photo_file(merchants.charlie, unit, photo)
    for act in (
        lambda: photos.add_photos(merchants.bob, unit, [("a.png", png(3, 2))]),
        lambda: photos.remove_photo(merchants.bob, unit, photo),
        lambda: photos.move_photo(merchants.bob, unit, photo, up=True),
        lambda: photos.describe_photo(merchants.bob, unit, photo, "x"),
    ):
        with pytest.raises(NotAllowed):
            act()


def send(client: FlaskClient, unit: str, *files: tuple[bytes, str]) -> str:
    """What the page says after these photos were sent."""
    page = f"/inventory/units/{unit}"
    sent = {"csrf_token": token_at(client, page), "photos": [(BytesIO(content), name) for content, name in files]}
    answer = client.post(f"{page}/photos", data=sent, content_type="multipart/form-data", follow_redirects=True)
    return answer.get_data(as_text=True)


def test_the_page_takes_photos_and_shows_them(client: FlaskClient, shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    sign_in(client, "alice", "FIRST")
    page = f"/inventory/units/{unit}"
    text = send(client, unit, (jpeg(300, 200) + bytes(3 * 1024 * 1024), "large.jpg"), (b"no", "note.txt"))
    assert "1 photo is added." in text
    assert "“note.txt” was not taken: it is no JPEG, PNG or WebP picture." in text
    (photo,) = ids(shop, unit)
    assert f'href="{page}/photos/{photo}"' in text
    assert f'src="{page}/photos/{photo}/small"' in text
    tags: set[str] = set()
    for address, width in ((f"{page}/photos/{photo}", 300), (f"{page}/photos/{photo}/small", 160)):
        picture = client.get(address)
        assert picture.mimetype == "image/jpeg"
        assert opened(picture.data).width == width
        assert picture.headers["X-Content-Type-Options"] == "nosniff"
        assert picture.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
        assert picture.headers["Cache-Control"] == "private, no-cache"
        assert SECRET not in picture.data
        again = client.get(address, headers={"If-None-Match": picture.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        tags.add(picture.headers["ETag"])
    assert len(tags) == 2
    changed = {"csrf_token": token_at(client, page), "act": "describe", "alt": 'Back, "A" side'}
    client.post(f"{page}/photos/{photo}/change", data=changed)
    assert 'alt="Back, &#34;A&#34; side"' in client.get(page).get_data(as_text=True)
    client.post(f"{page}/photos/{photo}/change", data={**changed, "act": "remove"})
    assert client.get(f"{page}/photos/{photo}").status_code == 404
    assert client.get(f"{page}/photos/{photo}/small").status_code == 404


def test_the_list_shows_the_first_photo_of_each_unit_and_asks_once_for_all(
    client: FlaskClient, app: Flask, shop: Shop
) -> None:
    bare, one, two = shop.add_units(3)
    photos.add_photos(shop.by, one, [("a", png(4, 3))])
    photos.add_photos(shop.by, two, [("a", png(4, 3)), ("b", png(5, 3))])
    first, other = ids(shop, two)
    photos.move_photo(shop.by, two, other, up=True)
    photos.describe_photo(shop.by, two, other, "A crack")
    assert first_photos(shop.by, [shop.units[each] for each in (bare, two)]) == {shop.units[two]: (other, "A crack")}
    sign_in(client, "alice", "FIRST")
    client.get("/inventory")
    with statements_of(app) as executed:
        page = client.get("/inventory").get_data(as_text=True)
    assert len(executed) <= 8, executed
    assert len([each for each in executed if "unit_photo" in each]) == 1
    assert page.count('class="unit-thumb"') == 2
    assert (
        f'src="/inventory/units/{two}/photos/{other}/small" alt="A crack" width="32" height="24" loading="lazy"' in page
    )
    assert f'alt="Photo of {imei(2)}"' in page
    assert f"/photos/{first}/" not in page


def test_photos_are_looked_at_by_who_may_see_stock_and_changed_by_who_may_write(
    client: FlaskClient, app: Flask, shop: Shop
) -> None:
    (unit,) = shop.add_units(1)
    photos.add_photos(shop.by, unit, [("a.png", png(3, 2))])
    (photo,) = ids(shop, unit)
    page = f"/inventory/units/{unit}"
    looks = (f"{page}/photos/{photo}", f"{page}/photos/{photo}/small")
    assert [client.get(each).status_code for each in looks] == [303, 303]
    sign_in(client, "bob", "FIRST")
    assert [client.get(each).status_code for each in looks] == [200, 200]
    token = {"csrf_token": token_at(client, page)}
    assert client.post(f"{page}/photos", data=token).status_code == 403
    assert client.post(f"{page}/photos/{photo}/change", data={**token, "act": "remove"}).status_code == 403
    assert ids(shop, unit) == [photo]
    stranger = app.test_client()
    sign_in(stranger, "charlie", "SECOND")
    assert [stranger.get(each).status_code for each in looks] == [404, 404]


def test_photos_come_along_in_an_export(app: Flask, shop: Shop, merchants: Merchants) -> None:
    (unit,) = shop.add_units(1)
    photos.add_photos(shop.by, unit, [("a.png", png(3, 2))])
    accounts.ask_for_export(merchants.alice)
    jobs.run_due()
    latest = accounts.latest_export(merchants.alice)
    assert latest is not None
    settings: Settings = app.extensions["settings"]
    folder = tenant_folder(settings.instance_path, merchants.tenant.id)
    archive = ZipFile(folder / "exports" / f"{latest.work_id}.zip")
    (row,) = (json.loads(line) for line in archive.read("unit_photo.jsonl").splitlines())
    assert archive.read(row["content"]) == clean_picture(png(3, 2)).content
    assert row["content"].endswith(".jpg")
    assert archive.read(row["small"]) == clean_picture(png(3, 2)).small
    assert reads(shop.by).scalar(select(func.count()).select_from(UnitPhoto)) == 1

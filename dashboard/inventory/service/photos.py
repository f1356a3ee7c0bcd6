"""Photos of units: taken in clean, put in order, removed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Invalid, NotFound
from dashboard.inventory.models import Unit, UnitPhoto
from dashboard.inventory.service.corrections import lock_units
from dashboard.inventory.service.pictures import Picture, clean_picture

MOST = 12
"""Photos of one unit."""

ALT_LENGTH = 200
_TOO_MANY = f"a unit has at most {MOST} photos"


@dataclass(frozen=True, slots=True)
class Added:
    """How many photos were taken, and by file name why others were not."""

    taken: int
    refused: list[tuple[str, str]]


def add_photos(by: Principal, public_id: str, files: Iterable[tuple[str, bytes]]) -> Added:
    """Take photos of a unit, each a file's name and content; those that cannot be are named. Raises NotFound."""
    by.require("inventory:write")
    pictures, refused = _drawn(files)
    with atomic(by) as session:
        unit = _unit(session, public_id)
        count, last = session.execute(
            select(func.count(), func.coalesce(func.max(UnitPhoto.position), 0)).where(UnitPhoto.unit_id == unit.id)
        ).one()
        taken = min(len(pictures), MOST - count)
        for place, (_, picture) in enumerate(pictures[:taken], 1):
            session.add(_photo(by, unit.id, last + place, picture))
        if taken:
            told = {"unit": public_id, "count": taken}
            events.record(by, "inventory.photos-added", f"unit:{unit.id}", told)
    return Added(taken, refused + [(name, _TOO_MANY) for name, _ in pictures[taken:]])


def _drawn(files: Iterable[tuple[str, bytes]]) -> tuple[list[tuple[str, Picture]], list[tuple[str, str]]]:
    """Pictures, and by file name why others are none. Drawn before anything is locked: it takes some seconds."""
    pictures: list[tuple[str, Picture]] = []
    refused: list[tuple[str, str]] = []
    for name, content in files:
        try:
            if len(pictures) >= MOST:
                raise Invalid.field("photos", _TOO_MANY)
            pictures.append((name, clean_picture(content)))
        except Invalid as error:
            refused.append((name, error.message))
    return pictures, refused


def _photo(by: Principal, unit_id: int, position: int, picture: Picture) -> UnitPhoto:
    return UnitPhoto(
        unit_id=unit_id,
        position=position,
        alt="",
        media_type=picture.media_type,
        fingerprint=hashlib.sha256(picture.content).hexdigest()[:12],
        width=picture.width,
        height=picture.height,
        actor=by.label,
        at=clock.now(),
        small=picture.small,
        content=picture.content,
    )


def describe_photo(by: Principal, public_id: str, photo_id: int, alt: str) -> None:
    """Say what is seen on a photo. Raises Invalid, NotFound."""
    by.require("inventory:write")
    alt = " ".join(alt.split())
    if len(alt) > ALT_LENGTH:
        raise Invalid.field("alt", f"A description has at most {ALT_LENGTH} characters.")
    with atomic(by) as session:
        _one(_photos(session, _unit(session, public_id).id), photo_id).alt = alt


def move_photo(by: Principal, public_id: str, photo_id: int, *, up: bool) -> None:
    """Let a photo and its neighbour change places; the first stays first. Raises NotFound."""
    by.require("inventory:write")
    with atomic(by) as session:
        photos = _photos(session, _unit(session, public_id).id)
        place = photos.index(_one(photos, photo_id))
        other = place - 1 if up else place + 1
        if 0 <= other < len(photos):
            photos[place], photos[other] = photos[other], photos[place]
        for position, photo in enumerate(photos, 1):
            photo.position = position


def remove_photo(by: Principal, public_id: str, photo_id: int) -> None:
    """Remove a photo for good. Raises NotFound."""
    by.require("inventory:write")
    with atomic(by) as session:
        unit = _unit(session, public_id)
        session.delete(_one(_photos(session, unit.id), photo_id))
        events.record(by, "inventory.photo-removed", f"unit:{unit.id}", {"unit": public_id})


def _unit(session: CommandSession, public_id: str) -> Unit:
    """The unit, locked: two people who add or move its photos take turns."""
    unit_id = session.scalar(select(Unit.id).where(Unit.public_id == public_id))
    if unit_id is None:
        raise NotFound(f"There is no unit '{public_id}'.")
    return lock_units(session, [unit_id])[unit_id]


def _photos(session: CommandSession, unit_id: int) -> list[UnitPhoto]:
    statement = select(UnitPhoto).where(UnitPhoto.unit_id == unit_id).order_by(UnitPhoto.position, UnitPhoto.id)
    return list(session.scalars(statement))


def _one(photos: list[UnitPhoto], photo_id: int) -> UnitPhoto:
    found = next((photo for photo in photos if photo.id == photo_id), None)
    if found is None:
        raise NotFound("There is no such photo.")
    return found

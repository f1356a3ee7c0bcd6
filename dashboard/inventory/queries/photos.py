"""Reading photos of units."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, select

from dashboard.core.context import Principal
from dashboard.core.db import reads, table_of
from dashboard.core.errors import NotFound
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Unit, UnitPhoto


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """A photo as it is listed, without its content. `width` and `height` are pixels."""

    id: int
    alt: str
    width: int
    height: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo as it is sent."""

    media_type: str
    content: bytes
    fingerprint: str


def photos_of(by: Principal, unit_id: int) -> Sequence[PhotoRow]:
    """The photos of a unit, in their order."""
    statement = (
        select(UnitPhoto.id, UnitPhoto.alt, UnitPhoto.width, UnitPhoto.height, UnitPhoto.fingerprint)
        .where(UnitPhoto.unit_id == unit_id)
        .order_by(UnitPhoto.position, UnitPhoto.id)
    )
    return [PhotoRow(*row) for row in reads(by).execute(statement)]


_photos = table_of(UnitPhoto)
_earlier = _photos.alias()
_first = (
    select(_earlier.c.id)
    .where(_earlier.c.tenant_id == _photos.c.tenant_id, _earlier.c.unit_id == _photos.c.unit_id)
    .order_by(_earlier.c.position, _earlier.c.id)
    .limit(1)
    .correlate(_photos)
    .scalar_subquery()
)
_FIRST_PHOTOS = select(_photos.c.unit_id, _photos.c.id, _photos.c.alt).where(
    _photos.c.tenant_id == bindparam("tenant", type_=BigInteger),
    _photos.c.unit_id.in_(bindparam("units", expanding=True, type_=BigInteger)),
    _photos.c.id == _first,
)


def first_photos(by: Principal, unit_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Of those units that have photos the first one's id and what is seen on it, by unit. One statement for all."""
    values = {"tenant": by.tenant_id, "units": list(unit_ids)}
    rows = reads(by).execute(_FIRST_PHOTOS, values, execution_options=OWN_TENANT)
    return {unit: (photo, alt) for unit, photo, alt in rows}


def photo_file(by: Principal, public_id: str, photo_id: int, *, small: bool = False) -> PhotoFile:
    """The photo with this id of this unit, or its small picture. Raises NotFound."""
    content = UnitPhoto.small if small else UnitPhoto.content
    row = (
        reads(by)
        .execute(
            select(UnitPhoto.media_type, content, UnitPhoto.fingerprint)
            .join(Unit, Unit.id == UnitPhoto.unit_id)
            .where(UnitPhoto.id == photo_id, Unit.public_id == public_id)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("There is no such photo.")
    return PhotoFile(*row)

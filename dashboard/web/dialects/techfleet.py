"""F: `data` beside `request_id`, integer cents, prefixed ids, `meta` on lists."""

from collections.abc import Sequence
from typing import Any

from dashboard.core.paging import Page
from dashboard.web.dialects.base import Body, Dialect, Failure, MinorUnits, PublicIds


class Techfleet(MinorUnits, PublicIds, Dialect):
    """Device catalogue and merchant API (F)."""

    name = "techfleet"
    title = "Techfleet: device catalogue and merchant"

    def one(self, data: Any) -> Body:
        return {"data": data}

    def many(self, items: Sequence[Any], page: Page[Any]) -> Body:
        meta = {"page": page.request.number, "per_page": page.request.size, "total": page.total, "pages": page.pages}
        return {"data": items, "meta": meta}

    def failure(self, failure: Failure, request_id: str) -> Body:
        error: Body = {"code": failure.error.code, "message": failure.error.message}
        if failure.error.fields:
            error["field"] = failure.error.fields[0].field
            error["fields"] = [{"field": item.field, "message": item.message} for item in failure.error.fields]
        error.update(failure.error.details)
        return {"error": error, "request_id": request_id}

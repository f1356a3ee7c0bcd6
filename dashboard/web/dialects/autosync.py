"""A: `success` beside `data`, decimal dollars, plain integer ids, pages of 25 with `has_more`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dashboard.core.paging import Page
from dashboard.web.dialects.base import Body, Decimals, Dialect, Failure, NumberIds


class Autosync(Decimals, NumberIds, Dialect):
    """Auto shop (A)."""

    name = "autosync"
    title = "AutoSync: auto shop"
    default_size = 25
    max_size = 100
    plan_limits: ClassVar[Mapping[str, int]] = {"starter": 100, "professional": 100, "enterprise": 100, "sandbox": 300}

    def one(self, data: Any) -> Body:
        return {"success": True, "data": data}

    def many(self, items: Sequence[Any], page: Page[Any]) -> Body:
        pagination = {
            "page": page.request.number,
            "per_page": page.request.size,
            "total": page.total,
            "pages": page.pages,
            "has_more": page.request.number < page.pages,
        }
        return {"success": True, "data": items, "pagination": pagination}

    def failure(self, failure: Failure, request_id: str) -> Body:
        error: Body = {
            "code": failure.error.code,
            "message": failure.error.message,
            "field": failure.error.fields[0].field if failure.error.fields else None,
            "status": failure.status,
        }
        if len(failure.error.fields) > 1:
            error["fields"] = [{"field": item.field, "message": item.message} for item in failure.error.fields]
        error.update(failure.error.details)
        return {"success": False, "error": error, "request_id": request_id}

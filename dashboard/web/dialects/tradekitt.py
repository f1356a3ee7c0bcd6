"""K: `ok` beside `data`, upper-case codes, integer cents, plain integer ids, `limit` instead of `per_page`."""

from collections.abc import Sequence
from typing import Any, ClassVar

from dashboard.core.paging import Page
from dashboard.web.dialects.base import Body, Dialect, Failure, MinorUnits, NumberIds


class Tradekitt(MinorUnits, NumberIds, Dialect):
    """Field service (K)."""

    name = "tradekitt"
    title = "TradeKitt: field service"
    size_word = "limit"

    CODES: ClassVar[dict[int, str]] = {
        400: "BAD_REQUEST",
        401: "UNAUTHORIZED",
        403: "FORBIDDEN",
        404: "NOT_FOUND",
        405: "METHOD_NOT_ALLOWED",
        409: "CONFLICT",
        413: "PAYLOAD_TOO_LARGE",
        422: "VALIDATION_ERROR",
        429: "TOO_MANY_REQUESTS",
        500: "INTERNAL_ERROR",
        503: "UNAVAILABLE",
    }
    GENERIC: ClassVar[frozenset[str]] = frozenset(
        {"bad_request", "unauthorized", "forbidden", "not_found", "conflict", "validation_error", "rate_limited"}
    )

    def one(self, data: Any) -> Body:
        return {"ok": True, "data": data}

    def bare(self, body: Body) -> Body:
        return self.one(body)

    def many(self, items: Sequence[Any], page: Page[Any]) -> Body:
        data = {
            "items": items,
            "total": page.total,
            "page": page.request.number,
            "limit": page.request.size,
            "total_pages": page.pages,
        }
        return {"ok": True, "data": data}

    def failure(self, failure: Failure, request_id: str) -> Body:
        code = failure.error.code
        outer = self.CODES.get(failure.status, "ERROR") if code in self.GENERIC else code.upper()
        error: Body = {"code": outer, "message": failure.error.message}
        if failure.error.fields:
            error["fields"] = [{"field": item.field, "message": item.message} for item in failure.error.fields]
        error.update(failure.error.details)
        return {"ok": False, "error": error, "request_id": request_id}

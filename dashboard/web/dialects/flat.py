"""P and S: decimal dollars, prefixed ids, and a flat error whose `error` is a word."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dashboard.core.paging import Page
from dashboard.web.dialects.base import Body, Decimals, Dialect, Failure, PublicIds


class _Flat(Decimals, PublicIds, Dialect):
    def failure(self, failure: Failure, request_id: str) -> Body:
        error = failure.error
        message = "Invalid request body" if error.code == "validation_error" and error.fields else error.message
        body: Body = {"error": error.code, "message": message}
        if error.fields:
            body["details"] = [item.message for item in error.fields]
        body.update(error.details)
        return body

    def many(self, items: Sequence[Any], page: Page[Any]) -> Body:
        meta = {"page": page.request.number, "per_page": page.request.size, "total": page.total, "pages": page.pages}
        return {"data": items, "meta": meta}


class Techparts(_Flat):
    """Parts store (P): objects stand bare, without request id."""

    name = "techparts"
    title = "TechParts: parts store"
    sends_request_id = False

    def one(self, data: Any) -> Body:
        return data


class Syncauction(_Flat):
    """Auction sync (S): everything under `data`."""

    name = "syncauction"
    title = "SyncAuction: sales channels"
    plan_limits: ClassVar[Mapping[str, int]] = {"starter": 100, "professional": 500, "enterprise": 500}

    def one(self, data: Any) -> Body:
        return {"data": data}

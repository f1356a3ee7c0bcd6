"""The five dialects, and which one a path belongs to (contract decisions, section 1)."""

from dashboard.web.dialects.autosync import Autosync
from dashboard.web.dialects.base import Body, Dialect, Failure, Numbered, OuterId
from dashboard.web.dialects.flat import Syncauction, Techparts
from dashboard.web.dialects.oauth import OAuth
from dashboard.web.dialects.techfleet import Techfleet
from dashboard.web.dialects.tradekitt import Tradekitt

__all__ = ["DIALECTS", "Body", "Dialect", "Failure", "Numbered", "OuterId", "dialect", "is_api_path", "owner_of_path"]

DIALECTS: dict[str, Dialect] = {
    each.name: each for each in (Techfleet(), Techparts(), Syncauction(), Tradekitt(), Autosync())
}

OWN_WORDS: dict[str, Dialect] = {OAuth.name: OAuth()}
"""What one endpoint says in a standard's words instead of a reference's."""

# Longest prefix first: the first that fits owns the path.
_OWNERS = (
    ("/api/catalog", "techfleet"),
    ("/api/v1/inventory", "techfleet"),
    ("/api/v1/products", "techfleet"),
    ("/api/v1/orders", "techfleet"),
    ("/api/v1/buyers", "techfleet"),
    ("/api/v1/channels", "techfleet"),
    ("/api/v1", "tradekitt"),
    ("/api", "techfleet"),
    ("/v1/shops", "autosync"),
    ("/v1/oauth/token", OAuth.name),
    ("/v1/oauth", "autosync"),
    ("/v1/vin", "autosync"),
    ("/v1/inspections", "autosync"),
    ("/v1/channels", "techfleet"),
    ("/v1/sync", "syncauction"),
    ("/v1/stores", "syncauction"),
    ("/v1/pricing-rules", "syncauction"),
    ("/v1/analytics", "syncauction"),
    ("/v1/ai", "syncauction"),
    ("/v1/webhooks", "syncauction"),
    ("/v1", "techparts"),
)


def dialect(name: str) -> Dialect:
    """The dialect of that name; KeyError where there is none."""
    return OWN_WORDS.get(name) or DIALECTS[name]


def is_api_path(path: str) -> bool:
    """Whether `path` is answered by the JSON face."""
    return path.startswith(("/api/", "/v1/")) or path in ("/api", "/v1", "/openapi.json")


def owner_of_path(path: str) -> Dialect:
    """The dialect in which an unknown or unauthenticated request to `path` is answered."""
    for prefix, name in _OWNERS:
        if path == prefix or path.startswith(prefix + "/"):
            return dialect(name)
    return DIALECTS["techfleet"]

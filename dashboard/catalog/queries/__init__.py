"""Reads of the catalogue: lists, single devices, comparison, coverage, search."""

from dashboard.catalog.queries.coverage import CoverageRow, Facets, Stats, count_devices, facets, makes, stats
from dashboard.catalog.queries.devices import (
    SORTS,
    Comparison,
    ComparisonRow,
    DeviceDetail,
    DeviceRow,
    browse,
    compare,
    device_page,
    find_categories,
    find_makes,
    get_device,
    list_categories,
    price_history,
    source_names,
)
from dashboard.catalog.queries.filters import RANGES, DeviceFilter
from dashboard.catalog.queries.gap_queue import GAP_FIELDS, Gap, GapFilter, gap_page, gaps
from dashboard.catalog.queries.proposals import (
    ProposalRow,
    count_open_proposals,
    get_proposal,
    list_proposals,
    own_proposals,
)
from dashboard.catalog.queries.search import MAX_MATCHES, Suggestion, suggest

__all__ = [
    "GAP_FIELDS",
    "MAX_MATCHES",
    "RANGES",
    "SORTS",
    "Comparison",
    "ComparisonRow",
    "CoverageRow",
    "DeviceDetail",
    "DeviceFilter",
    "DeviceRow",
    "Facets",
    "Gap",
    "GapFilter",
    "ProposalRow",
    "Stats",
    "Suggestion",
    "browse",
    "compare",
    "count_devices",
    "count_open_proposals",
    "device_page",
    "facets",
    "find_categories",
    "find_makes",
    "gap_page",
    "gaps",
    "get_device",
    "get_proposal",
    "list_categories",
    "list_proposals",
    "makes",
    "own_proposals",
    "price_history",
    "source_names",
    "stats",
    "suggest",
]

"""Pages of the catalogue. Each module hangs its views on the blueprint."""

from dashboard.catalog.pages import compare, coverage, devices, edits, gaps, imports, proposals
from dashboard.catalog.pages.blueprint import pages

__all__ = ["compare", "coverage", "devices", "edits", "gaps", "imports", "pages", "proposals"]

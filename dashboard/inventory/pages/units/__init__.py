"""Pages of units: the grid, one unit, taking in, manifests, files, grades. Each module hangs its views on the
blueprint.
"""

from dashboard.inventory.pages.units import (
    aside,
    bulk,
    edits,
    files,
    grades,
    grid,
    intake,
    manifests,
    photos,
    shell,
    unit,
)
from dashboard.inventory.pages.units.blueprint import pages

__all__ = [
    "aside",
    "bulk",
    "edits",
    "files",
    "grades",
    "grid",
    "intake",
    "manifests",
    "pages",
    "photos",
    "shell",
    "unit",
]

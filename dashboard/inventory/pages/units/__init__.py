"""Pages of units: the grid, one unit, taking in, manifests, files, grades. Each module hangs its views on the
blueprint.
"""

from dashboard.inventory.pages.units import bulk, edits, files, grades, grid, intake, manifests, shell, unit
from dashboard.inventory.pages.units.blueprint import pages

__all__ = ["bulk", "edits", "files", "grades", "grid", "intake", "manifests", "pages", "shell", "unit"]

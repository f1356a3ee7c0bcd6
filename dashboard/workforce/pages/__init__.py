"""Pages of the workforce. Each module hangs its views on a blueprint."""

from dashboard.workforce.pages import listing, skills, technicians, zones
from dashboard.workforce.pages.blueprint import pages

__all__ = ["listing", "pages", "skills", "technicians", "zones"]

"""Pages of dispatch. Each module hangs its views on a blueprint."""

from dashboard.dispatch.pages import actions, jobs, plans, roads, scorecard, sla
from dashboard.dispatch.pages.blueprint import pages
from dashboard.dispatch.pages.technician import technician_pages

__all__ = ["actions", "jobs", "pages", "plans", "roads", "scorecard", "sla", "technician_pages"]

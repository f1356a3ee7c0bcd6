"""The JSON face of technicians, their skills and zones, their hours and vehicles."""

from dashboard.workforce.api.skills import skills_api
from dashboard.workforce.api.technicians import technicians_api
from dashboard.workforce.api.zones import zones_api

__all__ = ["skills_api", "technicians_api", "zones_api"]

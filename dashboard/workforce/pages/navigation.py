"""Where technicians, skills and zones stand in the sidebar."""

from dashboard.web.registry import NavItem

NAVIGATION = (
    NavItem("Technicians", "workforce.technicians", "user", "technicians:read", "Serve", 20),
    NavItem("Skills", "workforce.skills", "star", "technicians:read", "Serve", 30),
    NavItem("Zones", "workforce.zones", "map-pin", "dispatch:read", "Serve", 40),
)

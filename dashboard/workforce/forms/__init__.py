"""Forms of the workforce."""

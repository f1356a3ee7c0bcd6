"""Rebuilds the shipped device catalogue; docs/data.md says how to run it."""

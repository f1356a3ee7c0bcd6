"""Forms of the catalogue: editing and proposing, importing."""

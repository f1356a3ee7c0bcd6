"""The JSON face of dispatch."""

"""What every domain stands on. Nothing here knows Flask's request or any domain."""

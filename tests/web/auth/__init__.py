"""Identity: its stores alone, and through the routes."""

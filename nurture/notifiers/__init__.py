"""How sales is told."""

"""Measurements: `python -m bench` runs all, `python -m bench.send` one. No tests: machines differ, see README.md."""

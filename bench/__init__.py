"""Measurements, each by itself: `python -m bench.loop`. Not timed tests: machines differ."""

"""The shared pieces of the YAML: durations, windows, zones, matchers, the syntax of conditions."""

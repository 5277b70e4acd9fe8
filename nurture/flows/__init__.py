"""One verb a file: load, decide, save, tell. Flows take `now`; who calls them reads the clock."""

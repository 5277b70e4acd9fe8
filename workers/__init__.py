"""The processes: the only code that knows dramatiq and Redis. Thin: read the clock, call a flow."""

"""The HTTP face: events in, tracked links, pages of leads and reps, health. Thin: it reads, calls a flow, answers."""

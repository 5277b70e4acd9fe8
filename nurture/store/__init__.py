"""Every query, set-based, named after its answer. A function takes a Core connection inside a transaction."""

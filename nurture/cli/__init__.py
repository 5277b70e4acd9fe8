"""The command line: one file a command group, thin. Rich for people, `--json` for programs."""

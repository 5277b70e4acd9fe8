"""Everything on one machine: the embedded servers and their keeper, the mailbox, `up`, `demo`."""

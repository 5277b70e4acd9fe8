"""Who takes the mails of a round: servers in processes of their own, that misbehave as they are told."""

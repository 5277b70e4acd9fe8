"""What a marketer is told before anything goes out: problems, previews."""

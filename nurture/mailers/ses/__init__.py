"""Amazon SES, by its API v2: our finished message goes out as it is, over requests that we sign ourselves."""

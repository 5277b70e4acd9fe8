"""The Segment HTTP tracking API's messages, read: what came, when it happened, whom it is about. Pure, no database."""

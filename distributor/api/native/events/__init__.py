"""/api/v1/events and /api/v1/event-endpoints: what happened, read by cursor or sent to the caller."""

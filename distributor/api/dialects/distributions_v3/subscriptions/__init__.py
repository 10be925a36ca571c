"""`/eventsubscriptions`: event endpoints that are told of responses in the published format."""

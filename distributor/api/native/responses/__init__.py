"""/api/v1/responses: read responses, import responses that were collected elsewhere."""

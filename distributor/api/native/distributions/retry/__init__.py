"""POST and GET /api/v1/distributions/{id}/retry and GET …/unreached."""

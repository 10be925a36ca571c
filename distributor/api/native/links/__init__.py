"""/api/v1/links: create a link without sending it, read a link, report its response."""

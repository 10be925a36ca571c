"""/api/v1/contacts: the people who receive surveys."""

"""One suite per client: each check calls the client's own method and asserts what its user relies on."""

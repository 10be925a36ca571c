"""Request bodies, calls and answers of the HTTP API. `bad_*` make bodies that must be refused."""

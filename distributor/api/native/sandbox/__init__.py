"""/api/v1/sandbox: the messages that sandbox providers received instead of sending them."""

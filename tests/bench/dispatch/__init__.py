"""How fast, how punctually and with how much memory the product sends."""

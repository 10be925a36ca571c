"""How fast calls are accepted: the product, the usual ways to write the same call, and lower bounds."""

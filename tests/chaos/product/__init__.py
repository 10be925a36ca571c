"""The product's processes, as `make run` starts them, and the entry modules through which they are made to fail."""

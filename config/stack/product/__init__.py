"""The product's own processes: their commands, their environment, and what `make run` prints about the demo."""

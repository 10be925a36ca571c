"""How calls are answered: JSON, pages of rows, and problems."""

"""The rows of the table, one module per family of faults. Every module of this folder is loaded."""

"""Imports of files: upload, say what the columns mean, check, run, and get the rows with faults."""

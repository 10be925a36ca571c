"""Read tables from files that people have: CSV of any encoding and separator, and XLSX. Rows are read as a stream.

Imports nothing of ours. Every value is returned as text; what a column means is decided elsewhere.
"""

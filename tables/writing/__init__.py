"""Writers of tables: CSV, XLSX and NDJSON. They know rows and columns, and nothing of where these come from.

A row is a sequence of values: text, whole numbers, decimals, true and false, moments, ids, lists, objects and nothing.
"""

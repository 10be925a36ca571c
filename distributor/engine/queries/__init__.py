"""The lists of the API: rows that pass filters, in an order, a page at a time.

Each list is read along an index, and a page reads a bounded number of rows, however few of them pass its filters.
"""

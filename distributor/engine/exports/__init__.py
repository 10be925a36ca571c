"""Exports: rows of one kind as a file, written by workers a page at a time and read from the database.

A module for each kind of rows yields pages; `start` checks what is asked for, `write` writes, `download` reads. They
may import `reports`' neighbours below them, the models, rules and `tables`.
"""

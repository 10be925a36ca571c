"""Partitions of the tables that only grow: which there are, and the statements that make, close and drop them.

Migrations use it as well as the engine, so it imports nothing of the project. What may be dropped is decided in
engine/privacy/old_partitions.py. See docs/decisions/0066.
"""

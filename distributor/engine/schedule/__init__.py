"""Start work whose time has come: recurring distributions, and the sweep that wakes workers for everything due.

It may import every engine package except responses, reports and control.
"""

"""Record survey responses and resolve personal links.

It may import every engine package except schedule, reports and control.
"""

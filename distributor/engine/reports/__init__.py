"""Read back what happened: timelines, step counts and delivery failures.

It may import every engine package except schedule, responses and control.
"""

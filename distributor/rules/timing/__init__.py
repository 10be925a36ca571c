"""The rules of time: schedules, quiet hours, throttling, recurrence, and the moment at which a message may leave.

They may import rules/eligibility.py, and nothing above them.
"""

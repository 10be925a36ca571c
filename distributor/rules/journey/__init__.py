"""The rules of one recipient's journey: which step follows another, what a result means, and how the journey ends.

They may import rules/timing and rules/eligibility.py, and nothing above them.
"""

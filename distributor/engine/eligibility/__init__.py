"""Read the facts and terms that decide whether and when a contact may be sent to; rules/eligibility.py judges them.

It may import infrastructure.
"""

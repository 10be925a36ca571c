"""Add reminders and thank-yous to an existing distribution and bring them to its recipients.

It may import audience, consent and every package below them.
"""

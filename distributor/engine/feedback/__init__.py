"""Take in provider events: verify and store webhooks, suppress addresses and reconcile journeys.

It may import follow_up and every package below it.
"""

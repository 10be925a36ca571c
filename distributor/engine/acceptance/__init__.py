"""Accept requests: check references, resolve and judge contacts, then write a distribution or make a dry run.

It may import route, eligibility and infrastructure.
"""

"""How messages leave: provider accounts and their limits, templates, the providers, and phone number lookup.

It may import `contacts`, and nothing of `distributor`.
"""

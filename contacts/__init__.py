"""Contacts and how calls identify them, mailing lists, suppressions; organisations and their API keys.

It is the lowest layer: it imports neither `channels` nor `distributor`.
"""

"""Who messages go to: organisations, API keys, contacts and how calls identify them, mailing lists, suppressions.

It is the lowest layer: it imports neither `channels` nor `distributor`.
"""

"""The outbox: what happened is written in the transaction that makes it happen, as a few rows of many events each.

It may import `infrastructure` only. engine/events reads it, and tells callers.
"""

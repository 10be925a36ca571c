"""Lives in any order of events, each judged by a small model: a distribution's, a batch's and a recipient's.

An account's breaker has its own in tests/channels/account_state/test_breaker.py.
"""

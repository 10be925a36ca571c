"""Record what people ask for: opt-outs, unsubscribes, suppressed addresses and the erasure of their data.

It may import journey, acceptance and every package below them.
"""

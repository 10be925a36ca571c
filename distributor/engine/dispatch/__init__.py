"""Send due batches: claim a batch, recheck its recipients, hand messages to the provider and settle the results.

It may import feedback and every package below it.
"""

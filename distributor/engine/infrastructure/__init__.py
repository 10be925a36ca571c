"""Technical services for all engine packages: clock, wake-ups, retries, chunked jobs, idempotency keys, SQL parameters.

It may import no other engine package.
"""

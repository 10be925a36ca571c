"""What surrounds the product: providers with a ledger, a proxy that fails on demand, servers that can be killed."""

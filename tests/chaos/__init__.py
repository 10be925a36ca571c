"""Faults on a running stack, in Jepsen's manner: `make chaos`.

Real web, workers, beat, PostgreSQL and broker; outside providers that keep a ledger; and a checker that compares the
ledger with what callers were promised. docs/reliability.md has the table.

    outside/   what is not the product: providers, the proxy, the servers, the caller
    product/   the product's processes, and the entry modules that make them die at a named point
    rows/      one module per family of faults; each row is one line of the table
"""

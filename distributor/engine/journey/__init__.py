"""Move recipients through their steps: lock them, record decisions, batch them for the next step, or stop them.

It may import route, eligibility and infrastructure.
"""

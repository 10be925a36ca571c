"""How often Python's collector runs. A call or a batch with 1,000 contacts makes some 20,000 objects.

By default it runs after every 700 of them, sometimes over everything that Django has loaded: 14 of 50 ms of a processor
per call, and 24 of 130 ms per batch. Loaded modules are never freed anyway.
"""

import gc


def collect_rarely() -> None:
    """Leave out what is loaded now, and collect after every 50,000 objects. Call it once everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)

"""One module or package per provider; `registry.py` lists them, `base.py` defines what they promise.

A provider may import the shared modules here, `channels.events` and `channels.rendering`, and no other provider.
"""

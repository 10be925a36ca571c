"""The native API, /api/v1: one package per resource, with its views, its wire models and its checks.

It may import the shared edge (distributor.api) and the engine. It does not import the dialects.
"""

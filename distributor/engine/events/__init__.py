"""Outgoing events: number, read and render them, and deliver them to endpoints.

It may import what stands below it in engine/__init__.py, and the reports beside it.
"""

"""Metrics for a monitoring system, in Prometheus' text format: what the database and Valkey know, of all processes.

Nothing is counted here: it reads what other packages have counted and stored. docs/reference/metrics.md lists all.
"""

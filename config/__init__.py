"""The Django project: settings, URLs, Celery and logging, and in `stack/` the servers and processes of `make run`.

The top layer: it may import everything, and only entry points import it.
"""

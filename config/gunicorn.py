"""gunicorn in production. Behind a proxy that buffers requests: a slow request occupies one of few threads."""

import os

bind = os.environ.get("BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# No call takes longer: a list of 1,000,000 contacts is accepted in 20 ms and expanded by workers.
timeout = 60
graceful_timeout = 20
keepalive = 5
# Links, cursors and filters are shorter. The proxy takes heads of 16 KB at most.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
# Memory that a process has gathered is given back now and then.
max_requests = 20_000
max_requests_jitter = 2_000

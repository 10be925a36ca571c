"""`make clients`: published clients of the lists-and-links API, unmodified, against a running stack.

Each client runs in a process and an environment of its own. Its host is redirected from outside, by a proxy.
"""

"""Calls by which a client finds the ids that it needs: `/whoami`, `/surveys`, `/directories` and `/libraries`."""

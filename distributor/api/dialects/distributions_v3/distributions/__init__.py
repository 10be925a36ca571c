"""Distributions, their links and their history: `/distributions`. Reminders and thank-yous are in `follow_ups`."""

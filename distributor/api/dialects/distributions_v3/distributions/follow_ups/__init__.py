"""Reminders and thank-yous: steps added to a distribution, shown as distributions of their own."""

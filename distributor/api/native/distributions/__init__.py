"""/api/v1/distributions: send surveys, control and read distributions, add reminders and thank-yous."""

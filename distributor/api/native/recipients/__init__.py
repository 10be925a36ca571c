"""/api/v1/recipients: recipients across distributions, and which recipients lists show."""

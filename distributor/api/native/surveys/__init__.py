"""/api/v1/surveys: the surveys that are sent."""

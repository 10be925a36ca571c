"""Responses of a survey: read, made and changed one by one, and exported as files (`exports`)."""

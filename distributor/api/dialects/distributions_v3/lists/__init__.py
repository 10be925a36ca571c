"""Mailing lists and their contacts: `/directories/{id}/mailinglists`."""

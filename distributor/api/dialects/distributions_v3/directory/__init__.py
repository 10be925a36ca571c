"""Contacts of the directory, which are all of the organisation's: `/directories/{id}/contacts`."""

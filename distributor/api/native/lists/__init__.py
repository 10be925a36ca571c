"""/api/v1/lists: mailing lists, their contacts, and the surveys that they are connected to."""

"""/api/v1/exports: rows as files, written in the background."""

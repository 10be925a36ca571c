"""/api/v1/imports: upload files of people, follow the import, and get the rows with faults."""

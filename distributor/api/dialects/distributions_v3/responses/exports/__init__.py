"""`/surveys/{SV}/export-responses`: start an export, ask how far it is, and read its file (decision 59)."""

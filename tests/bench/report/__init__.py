"""What a run reports: ratios and verdicts, a table, JSON and pictures. Knows no scenario, only figures."""

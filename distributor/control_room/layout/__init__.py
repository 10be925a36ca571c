"""What all pages share: the organisation switch, live panels, formats, charts, navigation and the security policy."""

"""What recipients see of an organisation: its branding, and the texts of its surveys' pages."""

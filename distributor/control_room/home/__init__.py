"""`/admin/`: what an operator wants to know first. A module per panel; data.py reads what they share, once."""

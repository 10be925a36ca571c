"""The journal: hand-overs, written to files outside the database right before the provider is called; and noes.

After a restore from a backup it knows what the database has forgotten (engine/recovery). It may import infrastructure.
"""

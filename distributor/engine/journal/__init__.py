"""The journal: hand-overs, written to files outside the database before the provider is called; noes and erasures.

After a restore from a backup it knows what the database has forgotten (engine/recovery). It may import infrastructure.
"""

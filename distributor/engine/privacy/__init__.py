"""Privacy: everything known of a person, exported, and what is kept after its time, deleted.

It reads all tables that hold data of people, so it may import every other package of the engine but recovery.
"""

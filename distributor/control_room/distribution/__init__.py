"""The page of a distribution: how it stands and why, and what an operator may do about it.

May import layout, the engine, the models, the rules, channels and contacts.
"""

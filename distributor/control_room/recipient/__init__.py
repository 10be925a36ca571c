"""The page of a recipient: what happened, what was sent, what follows and why, and what an operator may do.

May import layout, the engine, the models, the rules, channels and contacts.
"""

"""The control room: pages below `/admin/` on which operators look at what happens, and act.

One folder per page; `layout` is what they share. May import sign_in, the engine, the models, the rules, channels and
contacts; `search` also reads the ids of the API's dialects.
"""

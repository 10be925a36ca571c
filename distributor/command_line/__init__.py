"""The command line `distributor` for operators on a server or beside `make run`: a module per command in `commands/`.

It is an edge, like the API: a command parses, makes one engine call and renders. It reads people and makes forecasts
with the control room's code, so that both say the same.
"""

"""Decide how a step's messages are sent: load the step's context, choose a provider account and take its tokens.

It may import infrastructure.
"""

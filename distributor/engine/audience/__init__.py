"""Expand audiences into recipients, and add people to lists that are connected to a survey.

It may import journey, acceptance and every package below them.
"""

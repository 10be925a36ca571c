"""How operators sign in, and prove again who they are. The admin and its pages ask here.

May import Django's admin for the frame of its pages, but none of ours.
"""

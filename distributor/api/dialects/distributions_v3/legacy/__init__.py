"""`/mailinglists`: lists and their contacts as clients wrote before there were directories.

The published service has retired these calls; scripts that use them run here.
"""

"""Find people, and rows of any kind, by whatever somebody has in hand: names, numbers, links, ids.

The control room and the command line show the results. Ids of published APIs are read by those who know them.
"""

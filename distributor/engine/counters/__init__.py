"""The per-minute counters and the totals of monitoring: written in the transaction of what they count.

Minutes are added up by the hour, and read by charts; totals only grow. It may import `infrastructure` only.
"""

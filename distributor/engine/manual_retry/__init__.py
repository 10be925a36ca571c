"""Manual retries: send again, with the same link, to recipients who were not reached, when somebody asks for it.

It may import follow_up, journey, route, eligibility and infrastructure.
"""

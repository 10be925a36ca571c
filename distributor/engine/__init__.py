"""The engine: everything that happens between a request and its responses, written as functions over the models.

It may import `models`, `rules`, `channels` and `contacts`. Its packages are layers; each may import those below it:

    schedule, responses, reports, control
    dispatch
    feedback
    follow_up
    audience, consent
    journey, acceptance
    route, eligibility
    infrastructure
"""

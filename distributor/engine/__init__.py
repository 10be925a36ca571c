"""The engine: everything that happens between a request and its responses, written as functions over the models.

It may import `models`, `rules`, `channels` and `contacts`. Its packages are layers; each may import those below it:

    schedule
    exports, responses, reports, control, events
    dispatch
    feedback
    follow_up
    audience, consent
    journey, acceptance
    route, eligibility
    journal, counters, outbox
    infrastructure
"""

"""What the scenarios are called, and in which groups a report shows them."""

TITLES = {
    "a": "naive ORM view: update_or_create a contact",
    "b": "DRF serializers + bulk_create",
    "c": "ours",
    "d": "floor: bare COPY of the same rows, no HTTP",
    "m": "floor behind our front door: HTTP and COPY",
    "e": "a Celery task a message, ORM get and save",
    "f": "django-post-office, dummy backend",
    "xp": "procrastinate, a job a message",
    "xd": "dramatiq, a task a message",
    "x1": "PostgreSQL queue by hand, SKIP LOCKED LIMIT 1",
    "x100": "PostgreSQL queue by hand, SKIP LOCKED LIMIT 100",
    "g": "ours",
    "hn": "the sendgrid package in a task a message",
    "h": "ours through SendGrid",
    "in": "the twilio package in a task a message",
    "i": "ours through Twilio",
    "j": "10,000 due at one instant",
    "k": "a claim, whatever waits",
    "l": "a single send while a large one drains",
    "n": "ours, single send",
    "nn": "naive view, single send",
    "nf": "floor behind our front door, single send",
    "o": "ours, quick",
    "on": "naive view, quick",
    "of": "floor behind our front door, quick",
    "p": "100,000 lists of lists and links",
    "u": "a CSV export of all contacts of a distribution",
    "q": "what limits and audit cost a call",
    "s": "pages of the admin, with 5,000,000 recipients",
    "r": "a single send beside a neighbour's slow provider",
    "t": "a single send while the broker hangs",
    "v": "events reported by webhook",
    "w": "memory while everybody is sent to",
    "y": "ours through SMTP",
    "yf": "django-post-office through SMTP",
    "quick": "the quick form",
}
ACCEPTANCE, DISPATCH = ("a", "b", "c", "m", "d"), ("e", "f", "xp", "xd", "x1", "x100", "g")
SMTP = ("yf", "y")
PROVIDERS = ("hn", "h", "in", "i")
PROVIDER_COLUMNS = {
    "messages_per_second": "messages/s",
    "messages": "messages",
    "troubled_requests": "troubled",
    "got_two": "got two",
    "duplicate_risk": "at risk",
    "stand_in_messages_per_second": "stand-in",
}
MIXES = ("mixed", "new", "existing")
MESSAGES, TUNED = "messages_per_second", "tuned_messages_per_second"
BUSY = "others_busy_percent"

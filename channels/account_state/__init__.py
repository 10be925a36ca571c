"""How a provider account stands: its rate, pauses and breaker, its refused senders, and the evidence for them."""

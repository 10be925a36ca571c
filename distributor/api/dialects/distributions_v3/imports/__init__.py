"""Many contacts in a call: `/directories/{id}/mailinglists/{id}/transactioncontacts`, and how far they have come."""

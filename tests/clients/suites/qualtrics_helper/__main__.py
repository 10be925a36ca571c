"""Runs every part, in this order."""

from importlib import import_module

from tests.clients.suites.qualtrics_helper.shared import suite

# The order in which they run: later parts use what earlier ones have made.
PARTS = ("access", "lists", "contacts", "messages", "surveys", "sending", "history", "imports")
for part in PARTS:
    import_module(f"tests.clients.suites.qualtrics_helper.{part}")
suite.leave_out(
    "automations are not offered: imports and exports are started by a call",
    "list_automations",
    "list_automation_files",
    "upload_a_file",
    "get_file_metadata",
    "delete_file",
    "get_file_content",
)
suite.leave_out(
    "a library holds messages only", "list_library_blocks", "list_library_questions", "list_library_surveys"
)
suite.leave_out(
    "transactions of contacts and batches of them are not kept",
    "create_contact_transaction",
    "get_contact_transaction",
    "list_contact_transactions",
    "append_contact_transactions",
    "update_contact_transactions",
    "delete_contact_transactions",
    "create_transaction_batch",
    "list_transaction_batches",
    "get_transaction_batch",
    "search_transaction_batch",
    "list_transactions_in_a_batch",
    "add_transactions_batch",
    "remove_transaction_batch",
    "delete_transaction_batch",
    "create_distribution of a transaction batch",
)
suite.run()

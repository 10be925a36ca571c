"""Imports of many contacts."""

from tests.clients.checking import expect, wait_for
from tests.clients.suites.qualtrics_helper.shared import POOL, client, made, suite

transactions = client.transactions
SMALL, LARGE = 900, 4500


@suite.check
def create_contact_import() -> None:
    people = [
        {"extRef": f"IMP-{n}", "email": f"imp{n}@example.com", "embeddedData": {"n": str(n)}} for n in range(SMALL)
    ]
    report = transactions.create_contact_import(POOL, made["list"], [*people, {"email": "x@"}])
    expect(report["contacts"]["count"], {"added": SMALL, "updated": 0, "failed": 1, "unprocessed": 0})
    expect(report["invalidEmails"], ["x@"])


@suite.check
def create_transaction_contacts_import() -> None:
    people = [{"extRef": f"BIG-{n}", "email": f"big{n}@example.com"} for n in range(LARGE)]
    made["import"] = transactions.create_transaction_contacts_import(POOL, made["list"], people)["id"]
    expect(made["import"][:5], "PGRS_")


@suite.check
def get_creation_transaction_contacts_import_progress() -> None:
    def find_end() -> object:
        progress = transactions.get_creation_transaction_contacts_import_progress(POOL, made["list"], made["import"])
        return progress if progress["percentComplete"] == 100 else None

    expect(wait_for(find_end, 50)["contacts"]["count"]["added"], LARGE)


@suite.check
def get_creation_transaction_contacts_import_report() -> None:
    report = transactions.get_creation_transaction_contacts_import_report(POOL, made["import"])
    expect(report["contacts"]["count"]["added"], LARGE)

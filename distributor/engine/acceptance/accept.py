"""Accept a distribution: turn a request into recipients that wait in batches, in one transaction.

    judge the request (acceptance/judge.py) → write (acceptance/write.py) → wake workers after the commit

A dry run also judges the request, and then rolls back (acceptance/dry_run.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contacts.identity import Identified
from contacts.models import ApiKey, MailingList, Organization
from distributor.engine.acceptance.judge import judge_request, split_candidates
from distributor.engine.acceptance.key_kinds import request_of_key
from distributor.engine.acceptance.references import NOTHING_READ, References
from distributor.engine.acceptance.rows import NewRecipient, SkippedContact, new_distribution
from distributor.engine.acceptance.write import write_whole
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.models import Distribution
from distributor.rules.requests import DistributionRequest


@dataclass(frozen=True, slots=True)
class Accepted:
    """The result of a request: each contact is either a recipient or skipped, in the order given.

    `resolved_contacts` has one entry for each of the request's, so a person named twice is there twice.
    """

    distribution: Distribution
    resolved_contacts: Sequence[Identified]
    recipients: Sequence[NewRecipient]
    skipped: Sequence[SkippedContact]


@retry_contact_collisions
def accept(
    organization: Organization,
    api_key: ApiKey | None,
    request: DistributionRequest,
    now: datetime,
    *,
    read_before: References = NOTHING_READ,
) -> Accepted:
    """Write a distribution with its recipients, all or nothing. Raises what judge_request() raises.

    `read_before` are references that this call has read already, as find_defaults() does.
    """
    return accept_in_transaction(organization, api_key, request, now, read_before=read_before)


def accept_in_transaction(
    organization: Organization,
    api_key: ApiKey | None,
    request: DistributionRequest,
    now: datetime,
    mailing_list: MailingList | None = None,
    *,
    read_before: References = NOTHING_READ,
) -> Accepted:
    """Do the same inside the caller's transaction. The caller retries contact collisions.

    `mailing_list` is the list of the audience; None: a new list is created.
    """
    request = request_of_key(request, api_key)
    judged = judge_request(organization, request, now, read_before=read_before)
    recipients, skipped = split_candidates(judged.candidates)
    # Later calls can name the audience as a list. A new list has no rows of its own: its members are the recipients.
    new_list = None
    if mailing_list is None:
        mailing_list = new_list = MailingList(organization=organization, name=request.name, is_automatic=True)
    distribution = new_distribution(
        organization,
        api_key,
        request,
        judged.chain,
        judged.terms,
        len(recipients),
        len(skipped),
        now,
        mailing_list=mailing_list,
    )
    for lane in write_whole(
        distribution, new_list, judged.chain.steps, recipients, skipped, now, is_sent=request.is_sent
    ):
        wake_lane_on_commit(lane)
    return Accepted(distribution, judged.resolved_contacts, recipients, skipped)

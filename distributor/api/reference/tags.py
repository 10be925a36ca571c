"""The tags of the OpenAPI document in the order in which they are read, each with its overview."""

from typing import Final

# The native API by subject, then the published APIs that we support too.
TAGS: Final[dict[str, str]] = {
    "Distributions": "Send a survey to contacts, a list or a filter, now or later, over one channel or several with "
    "fallbacks and reminders. Then follow, pause, resume, reschedule, cancel or repeat the distribution. "
    "`dryRun: true` answers with what a call would do.",
    "Recipients": "Who got a distribution, with a timeline for each recipient; who was skipped, and why; and sending "
    "again to recipients who were not reached.",
    "Contacts": "The people who receive surveys. A contact is found by its id, your `externalId`, its e-mail address "
    "or its phone number. Opt out, opt in, export and erase a person here.",
    "Lists": "Mailing lists, their members, and the survey that people added to a list are invited to.",
    "Imports": "Upload a CSV or XLSX file of up to 250,000 people: as contacts, onto a list, or as the recipients of "
    "one distribution. Preview a file or run it dry first; rows with faults come back as a file that you can correct.",
    "Surveys": "The surveys that are sent: where a link leads, and what the page after a response says.",
    "Templates": "The texts of messages, by channel and locale, with placeholders such as `${link}`.",
    "Providers": "The provider accounts that hand messages over: SMTP, SendGrid, Twilio, the sandbox and others. "
    "Credentials can be written and never read.",
    "Suppressions": "Addresses that are never written to, each with its reason.",
    "Links": "A personal link for a message that you send yourself, and what a survey tool needs to know about a link.",
    "Responses": "What people answered, and importing responses that were given elsewhere.",
    "Exports": "Contacts, recipients, responses, suppressions, links or the audit log as a CSV, XLSX or NDJSON file. "
    "Start an export, wait until it is ready, and download its file within 7 days.",
    "Events": "What happened to recipients, contacts and imports: read by cursor, oldest first, or sent to event "
    "endpoints, which are servers of yours, as signed requests (Standard Webhooks). Events are kept for 30 days. Try "
    "an endpoint with a ping, look at what was sent to it, and have requests or a whole period sent again.",
    "Sandbox": "The messages that sandbox accounts kept instead of sending them: what your tests can assert on.",
    "Quick distribution": "One call that finds or creates the contacts, makes a list and a distribution, and sends. "
    "The body and the answer are those of the published API of this name, with `skipped`, `warnings` and `dryRun` "
    "added.",
    "Single send": "One call that sends a survey to recipients without a list, in the shape of the published API of "
    "this name. Provider and template are the organisation's defaults for the channel.",
    "Lists and links": "Directories, mailing lists, distributions, links and their history below `/API/v3`, in the "
    "shape of a published API: ids such as `SV_…` and `EMD_…`, and answers in `result` and `meta`. Errors are in "
    "`meta.error`.",
    "Recipient add": "Log in with an API key, then add recipients to a list, in the shape of a published API. People "
    "on a list that is connected to a survey are invited. Errors are texts in `Errors`.",
}

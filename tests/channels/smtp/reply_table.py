"""Passing refusals (4xx) and quotas of mail servers, each with what it means for the message and the account.

`page` names where a server's replies are documented (PAGES). Texts are shortened, addresses replaced.
"""

from channels.providers.smtp.replies import Stage

CONNECT, MAIL, RCPT, DATA, CONTENT = Stage

PAGES = {
    "gmail": "https://support.google.com/a/answer/3726730",
    "m365": "https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online",
    "yahoo": "https://senders.yahooinc.com/smtp-error-codes/",
    "ses": "https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html",
    "ses quota": "https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html",
    "postfix": "https://www.postfix.org/postconf.5.html",
    "postfix access": "https://www.postfix.org/SMTPD_ACCESS_README.html",
    "postgrey": "https://postgrey.schweikert.ch/",
    "exim": "https://www.exim.org/exim-html-current/doc/html/spec_html/ch-access_control_lists.html",
    "sendgrid": "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/smtp-errors-and-troubleshooting",
    "spamhaus": "https://www.spamhaus.org/zen/",
    "rfc": "https://www.rfc-editor.org/rfc/rfc5321",
    "rfc 7505": "https://www.rfc-editor.org/rfc/rfc7505",
    "rfc 4954": "https://www.rfc-editor.org/rfc/rfc4954",
    "tried": "what was tried on the engine",
    "wording": "how such servers word it; no page states it",
}

# (page, stage, reply), by what it means.
Replies = list[tuple[str, Stage, str]]

# The account sends too fast: a pause that grows.
THROTTLED: Replies = [
    ("tried", CONNECT, "421 4.7.0 Too many connections"),
    ("tried", RCPT, "421 4.7.0 Try later"),
    ("tried", RCPT, "450 4.7.1 Error: too much mail from 192.0.2.1"),
    ("tried", MAIL, "450 4.7.1 Error: too much mail from 192.0.2.1"),
    ("tried", RCPT, "451 4.7.500 Server busy. Please try again later from 192.0.2.1"),
    ("tried", MAIL, "432 4.3.2 Concurrent connections limit exceeded"),
    ("tried", CONTENT, "454 4.7.0 Throttling failure: Maximum sending rate exceeded."),
    ("gmail", CONNECT, "421 4.3.0 Temporary System Problem. Try again later"),
    ("gmail", RCPT, "421 4.4.5 Server busy, try again later."),
    ("gmail", CONNECT, "421 4.7.0 Try again later, closing connection."),
    ("gmail", RCPT, "421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP"),
    ("gmail", RCPT, "450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error."),
    ("m365", MAIL, "451 4.7.500 Server busy. Please try again later"),
    ("m365", RCPT, "451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation"),
    ("m365", MAIL, "451 4.7.550 Access denied, please try again later"),
    ("m365", CONNECT, "421 4.3.2 The maximum number of concurrent server connections has exceeded a limit"),
    ("m365", CONTENT, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending"),
    ("yahoo", MAIL, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume"),
    ("yahoo", RCPT, "451 4.7.0 [TSS07] Message temporarily deferred due to user complaints - 4.16.55.1"),
    ("yahoo", CONTENT, "451 Message temporarily deferred - 4.16.50, too many messages, please slow down"),
    ("ses", CONNECT, "421 Too many concurrent SMTP connections"),
    ("ses quota", CONTENT, "454 Throttling failure: Maximum sending rate exceeded"),
    ("postfix", MAIL, "450 4.7.1 Error: too many messages from 192.0.2.1"),
    ("postfix", RCPT, "450 4.7.1 Error: too many recipients from 192.0.2.1"),
    ("postfix", CONNECT, "421 4.7.0 mail.example.com Error: too many errors"),
    ("exim", RCPT, "451 Sender rate 120.0 / 1h"),
    ("exim", CONNECT, "421 Too many concurrent SMTP connections; please try again later."),
    ("exim", MAIL, "452 space shortage, too many connections, please try later"),
    ("wording", MAIL, "421 Too many concurrent connections, please try again later"),
    ("wording", CONTENT, "451 You have exceeded your messaging limits"),
    ("wording", CONTENT, "421 4.7.0 Domain example.com is not allowed to send: rate limit exceeded"),
    ("wording", CONTENT, "451 4.7.1 Rate limit exceeded"),
    ("wording", MAIL, "450 4.7.0 Too many messages, try again later"),
    ("wording", RCPT, "421 4.2.1 Mailbox server busy, closing connection"),
    ("rfc", MAIL, "421 mail.example.com Service not available, closing transmission channel"),
]

# A quota of hours or more: an hour at a time.
HOURLY: Replies = [
    ("tried", MAIL, "454 4.7.0 Throttling failure: Daily message quota exceeded."),
    ("ses quota", CONTENT, "454 Throttling failure: Daily message quota exceeded"),
    ("wording", CONTENT, "452 4.3.1 Daily sending limit reached"),
    ("wording", MAIL, "452 Daily message limit exceeded for this plan"),
]
NEXT_DAY: Replies = [
    ("tried", RCPT, "550 5.4.5 Daily sending limit exceeded"),
    ("gmail", RCPT, "550 5.4.5 Daily SMTP relay limit exceeded for customer."),
    ("gmail", CONTENT, "550 5.4.5 Daily user sending quota exceeded."),
    ("gmail", MAIL, "550 5.7.1 Daily SMTP relay sending limit exceeded for this user."),
    ("wording", CONTENT, "554 Daily message quota exceeded"),
]

# One person's trouble: retried for a day.
RETRY: Replies = [
    ("tried", RCPT, "450 4.2.1 mailbox temporarily unavailable"),
    ("tried", RCPT, "452 4.2.2 mailbox full"),
    ("gmail", RCPT, "450 4.2.1 The user you are trying to contact is receiving mail too quickly."),
    (
        "gmail",
        RCPT,
        "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents more",
    ),
    ("gmail", RCPT, "452 4.2.2 The email account that you tried to reach is over quota."),
    ("m365", CONTENT, "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded"),
    ("m365", RCPT, "451 4.1.1 Recipient address temporarily unavailable"),
    ("yahoo", RCPT, "452 4.2.2 Mailbox over quota"),
    ("yahoo", RCPT, "451 4.2.0 Mailbox temporarily disabled"),
    ("postfix access", RCPT, "450 4.2.0 <ann@example.com>: Recipient address rejected: Greylisted"),
    ("postfix", RCPT, "450 4.1.1 <ann@example.com>: Recipient address rejected: unverified address"),
    ("postfix", RCPT, "450 4.1.2 <ann@example.invalid>: Recipient address rejected: Domain not found"),
    ("postfix", CONTENT, "452 4.2.2 <ann@example.com>: mailbox size limit exceeded"),
    ("postgrey", RCPT, "450 4.2.0 <ann@example.com>: Recipient address rejected: Greylisted, see http://postgrey/help"),
    ("postgrey", RCPT, "451 4.7.1 Greylisting in action, please come back later"),
    ("postgrey", RCPT, "450 Greylisted, try again in 300 seconds"),
    ("exim", RCPT, "451 Temporarily deferred by greylisting. Please try again later."),
    ("exim", CONTENT, "451 4.7.1 Graylisted, please try again in 00:05:00"),
    ("exim", RCPT, "452 mailbox is full"),
    ("rfc", RCPT, "450 Requested mail action not taken: mailbox unavailable"),
    ("rfc", RCPT, "450 mailbox busy"),
    ("wording", RCPT, "452 4.2.2 user is over quota"),
]
# One person's trouble, unless several get it in a row.
RETRY_SUSPECT: Replies = [
    ("tried", RCPT, "451 4.3.0 Temporary failure"),
    ("tried", CONTENT, "451 4.3.0 Temporary failure"),
    ("gmail", CONTENT, "451 4.3.0 Mail server temporarily rejected message."),
    ("gmail", CONTENT, "451 4.4.2 Timeout - closing connection."),
    ("gmail", CONTENT, "451 4.5.0 SMTP protocol violation, see RFC 2821."),
    ("m365", RCPT, "451 4.4.0 DNS query failed"),
    ("m365", RCPT, "450 4.4.312 DNS query failed"),
    ("m365", RCPT, "450 4.4.316 Connection refused"),
    ("m365", RCPT, "450 4.4.317 Cannot connect to remote server"),
    ("m365", CONTENT, "451 4.7.24 The SPF record of the sending domain has a suspicious entry"),
    ("m365", RCPT, "450 4.7.26 Service does not accept messages sent over IPv6 unless they pass SPF or DKIM"),
    ("yahoo", RCPT, "451 Resources temporarily not available"),
    ("yahoo", CONTENT, "451 VS1-MF unknown trouble (#4.1.8)"),
    ("ses", CONTENT, "451 Temporary service failure"),
    ("ses", CONTENT, "451 Timeout waiting for data from client"),
    ("postfix", RCPT, "451 4.3.0 <ann@example.com>: Temporary lookup failure"),
    ("postfix", RCPT, "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]"),
    ("postfix", CONTENT, "451 4.3.0 Error: queue file write error"),
    ("postfix", CONTENT, "452 4.3.1 Insufficient system storage"),
    ("postfix", RCPT, "451 4.3.5 Server configuration error"),
    ("exim", RCPT, "451 Temporary local problem - please try later"),
    ("exim", RCPT, "451 Could not complete sender verify callout"),
    ("sendgrid", RCPT, "451 Internal server error"),
    ("rfc", CONTENT, "451 Requested action aborted: local error in processing"),
]
# The relay itself is in trouble: three calls in a row open the breaker.
UNAVAILABLE: Replies = [
    ("tried", MAIL, "451 4.3.0 Temporary failure"),
    ("tried", MAIL, "452 4.3.1 Insufficient system storage"),
    ("tried", CONNECT, "454 4.7.0 TLS not available due to temporary reason"),
    ("tried", CONNECT, "454 4.7.0 Temporary authentication failure"),
    ("gmail", CONNECT, "454 4.7.0 Cannot authenticate due to a temporary system problem."),
    ("gmail", CONNECT, "454 4.5.0 SMTP protocol violation, no commands allowed to pipeline after STARTTLS"),
    ("m365", MAIL, "452 4.3.1 Insufficient system resources"),
    ("m365", CONNECT, "451 4.4.0 Primary target IP address responded"),
    ("yahoo", MAIL, "451 Resources temporarily not available"),
    ("ses", MAIL, "451 Temporary service failure"),
    ("ses", CONNECT, "451 Timeout waiting for data from client"),
    ("ses", CONNECT, "454 Temporary authentication failure"),
    ("sendgrid", CONNECT, "451 Authentication failed: Maximum credits exceeded"),
    ("postfix", MAIL, "452 4.3.1 Insufficient system storage"),
    ("postfix", MAIL, "451 4.3.5 Server configuration error"),
    ("postfix", MAIL, "451 4.3.0 Error: queue file write error"),
    ("postfix", CONNECT, "454 4.3.0 TLS unavailable due to local problem"),
    ("exim", MAIL, "451 Temporary local problem - please try later"),
    ("exim", CONNECT, "454 TLS currently unavailable"),
    ("sendgrid", MAIL, "451 Internal server error"),
    ("rfc", MAIL, "451 Requested action aborted: local error in processing"),
    ("rfc", MAIL, "455 Server unable to accommodate parameters"),
    ("rfc 4954", CONNECT, "454 4.7.0 Temporary authentication failure"),
]

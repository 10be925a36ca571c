"""The invitation that every scenario renders, in the product's placeholders and in Django's template language."""

from contacts.channel import Channel

SUBJECT = "{first_name}, how was your visit to {department}?"
TEXT = """Dear {first_name} {last_name},

thank you for visiting {department} on {visit_date}. Dr. {doctor} and the team would like to know how it went.
It is one question and takes less than a minute:

{link}

You get this message because you were discharged on {discharge_date}.
No more of these: {unsubscribe}
"""
HTML = """<!doctype html>
<html lang="en">
<body style="margin:0;background:#f4f5f7;font-family:Helvetica,Arial,sans-serif;color:#172b4d">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="background:#ffffff;border-radius:8px">
<tr><td style="padding:32px">
<h1 style="font-size:20px;margin:0 0 16px">Dear {first_name} {last_name},</h1>
<p style="font-size:16px;line-height:24px;margin:0 0 16px">thank you for visiting {department} on {visit_date}.
Dr. {doctor} and the team would like to know how it went. It is one question and takes less than a minute.</p>
<p style="margin:0 0 24px"><a href="{link}" style="display:inline-block;background:#0052cc;color:#ffffff;
padding:12px 24px;border-radius:4px;text-decoration:none;font-size:16px">Answer the question</a></p>
<p style="font-size:12px;color:#6b778c;margin:0">You get this message because you were discharged on {discharge_date}.
<a href="{unsubscribe}" style="color:#6b778c">No more of these</a></p>
</td></tr></table></td></tr></table>
</body>
</html>
"""
SMS_TEXT = "{first_name}, how was your visit to {department}? One question: {link}"

_OURS = {
    "first_name": "${contact:firstName|there}",
    "last_name": "${contact:lastName}",
    "department": "${contact:department|our clinic}",
    "visit_date": "${contact:visitDate}",
    "doctor": "${contact:attendingDoctor}",
    "discharge_date": "${contact:dischargeDate}",
    "link": "${link}",
    "unsubscribe": "${unsubscribe}",
}
_DJANGO = {
    "first_name": "{{ contact.first_name|default:'there' }}",
    "last_name": "{{ contact.last_name }}",
    "department": "{{ data.department|default:'our clinic' }}",
    "visit_date": "{{ data.visitDate }}",
    "doctor": "{{ data.attendingDoctor }}",
    "discharge_date": "{{ data.dischargeDate }}",
    "link": "{{ link }}",
    "unsubscribe": "{{ unsubscribe }}",
}


def in_our_placeholders(channel: Channel = Channel.EMAIL) -> dict[str, str]:
    """Return `{subject, html, text}` for channels.TemplateVariant."""
    return _written_with(_OURS, channel)


def in_django_templates(channel: Channel = Channel.EMAIL) -> dict[str, str]:
    """Return `{subject, html, text}` for Django's templates; the context is `{contact, data, link, unsubscribe}`."""
    return _written_with(_DJANGO, channel)


def _written_with(placeholders: dict[str, str], channel: Channel) -> dict[str, str]:
    texts = {"subject": SUBJECT, "html": HTML, "text": TEXT}
    if channel != Channel.EMAIL:
        texts = {"subject": "", "html": "", "text": SMS_TEXT}
    for name, placeholder in placeholders.items():
        texts = {part: text.replace(f"{{{name}}}", placeholder) for part, text in texts.items()}
    return texts

"""Destinations: groups of addresses to which accounts deliver differently.

The country calling code of a phone number, such as “+48”, and the mail domain of an e-mail address, such as
“gmail.com”. "" stands for all that are not counted apart.
"""

from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from contacts.channel import Channel

OTHERS: Final = ""
DESTINATION_LENGTH = 63  # of the column; longer domains are rare and count among the others
_LONGEST_CODE = 3


def destination_of(channel: str, address: str) -> str:
    """Return the destination of an e-mail address or of a phone number in E.164."""
    if channel == Channel.EMAIL:
        domain = address.rpartition("@")[2].lower()
        return domain if len(domain) <= DESTINATION_LENGTH else OTHERS
    for length in range(1, _LONGEST_CODE + 1):
        code = address[1 : 1 + length]
        if code.isdecimal() and int(code) in COUNTRY_CODE_TO_REGION_CODE:
            return f"+{code}"
    return OTHERS

"""A dry run as the command line shows it: who would get what and when, and who would be left out."""

from typing import Any

from distributor.command_line.operator import Desk
from distributor.control_room.layout.formats import format_minute
from distributor.control_room.sends.forecast import Forecast

UNREAD = "The audience takes too long to count here. Workers will read it when it is sent."


def show_forecast(desk: Desk, forecast: Forecast | None) -> None:
    """Print a dry run for people. Times are in the current time zone."""
    output = desk.output
    if forecast is None:
        output.say(UNREAD)
        return
    of_all = f" of the first {forecast.listed_count}" if forecast.is_part else ""
    would = f"{forecast.recipient_count}{of_all} would get it"
    output.say(f"Dry run: nothing was sent. {forecast.contact_count} contacts, {would}.")
    columns = ("messages", "channel", "kind", "from", "to", "SMS segments")
    rows = [
        (
            message.count,
            message.channel,
            message.kind.replace("_", "-"),
            format_minute(message.begins_at),
            format_minute(message.ends_at),
            "–" if message.segments is None else message.segments,
        )
        for message in forecast.messages
    ]
    output.table(columns, rows)
    if forecast.left_out:
        output.say("\nLeft out:", "bold")
        left_out = [(each.count, each.text, ", ".join(each.examples)) for each in forecast.left_out]
        output.table(("contacts", "why", "for example"), left_out)
    for warning in forecast.warnings:
        output.say(f"Warning: {warning}", "yellow")


def forecast_document(forecast: Forecast | None) -> dict[str, Any]:
    """Return a dry run for `--json`. `listed` contacts of `contacts` were judged."""
    if forecast is None:
        return {"dryRun": True, "warnings": [UNREAD]}
    return {
        "dryRun": True,
        "contacts": forecast.contact_count,
        "listed": forecast.listed_count,
        "recipients": forecast.recipient_count,
        "messages": [
            {
                "channel": str(message.channel),
                "kind": message.kind,
                "count": message.count,
                "from": message.begins_at,
                "to": message.ends_at,
                "smsSegments": message.segments,
            }
            for message in forecast.messages
        ],
        "leftOut": [
            {"contacts": each.count, "text": each.text, "examples": list(each.examples)} for each in forecast.left_out
        ],
        "warnings": list(forecast.warnings),
    }

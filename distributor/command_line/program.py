"""The program `distributor` with its commands."""

import click

from distributor.command_line.commands.contacts import contacts
from distributor.command_line.commands.control import cancel, pause, resume
from distributor.command_line.commands.doctor import doctor
from distributor.command_line.commands.export import export
from distributor.command_line.commands.find import find
from distributor.command_line.commands.import_file import import_file
from distributor.command_line.commands.retry import retry
from distributor.command_line.commands.send import send
from distributor.command_line.commands.status import status


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def program() -> None:
    """Send surveys, see how it goes, and find out what is wrong.

    Exit codes: 0 done, 1 failed, 2 bad use. Every command takes --json.
    """


for command in (send, status, retry, pause, resume, cancel, find, contacts, import_file, export, doctor):
    program.add_command(command)

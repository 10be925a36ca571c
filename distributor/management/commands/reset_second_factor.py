"""`manage.py reset_second_factor USER`: for somebody who lost every device and all recovery codes."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from distributor.sign_in.second_factor import reset_second_factor


class Command(BaseCommand):
    help = "Remove all second factors of a user. Make sure first that it is them who ask."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="The user name.")

    def handle(self, *_: Any, user: str, **options: Any) -> None:
        found = User.objects.filter(username=user).first()
        if found is None:
            raise CommandError(f"There is no user “{user}”.")
        count = reset_second_factor(found)
        self.stdout.write(f"Removed {count} devices and all recovery codes of {user}.")

"""`manage.py rotate_credentials`: encrypt the credentials of all provider accounts with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels.credential_rotation import rotate_credentials


class Command(BaseCommand):
    """Prints how many accounts were rotated. Fails after all others are done if some could not be read."""

    help = "Encrypt the credentials of all provider accounts with the first of CREDENTIAL_KEYS."

    def handle(self, *_: Any, **options: Any) -> None:
        rotation = rotate_credentials()
        self.stdout.write(f"{rotation.rotated} accounts: credentials encrypted with the first key.")
        if rotation.unreadable:
            names = "\n".join(f"  {account}" for account in rotation.unreadable)
            raise CommandError(
                f"{len(rotation.unreadable)} accounts: no key decrypts their credentials; left as they are:\n{names}\n"
                "Add the missing key to CREDENTIAL_KEYS and run this again, or enter their credentials again."
            )
        self.stdout.write("The other keys are no longer needed.")

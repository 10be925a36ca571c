"""Recipient add: `POST /base/Recipient/Add` and its login, as published. See docs/dialects/recipient-add.md."""

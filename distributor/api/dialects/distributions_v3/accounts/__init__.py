"""The account of a call: `/users`, `/groups`, and access tokens."""

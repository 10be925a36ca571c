"""Lists and links: `/API/v3`, as published. See docs/dialects/lists-and-links.md.

The packages follow the addresses: `discovery` (ids that a client needs), `surveys`, `responses`, `distributions` and
`lists`.
"""

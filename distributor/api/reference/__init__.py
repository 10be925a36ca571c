"""The API reference: its overview, tags and examples, the page that shows it, and a Postman collection of it.

Imports no views: they declare their operations themselves, and name a tag of `tags`.
"""

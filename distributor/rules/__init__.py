"""The rules of sending as pure functions: who may be sent to, when, what follows, and which sentence explains it.

They import the standard library and `contacts.contact_fields` only: no Django, no database, no clock of their own.
"""

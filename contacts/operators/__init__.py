"""Who may do what in the admin and in the sandbox pages: roles, what each permits, and in which organisations.

`roles` is pure; the other modules may import the models of `contacts`.
"""

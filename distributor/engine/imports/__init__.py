"""Import files of people: contacts, or the recipients of a send. One engine for the API, the control room and commands.

May import everything below it in the order of imports, among it acceptance and audiences, and `tables`.
"""

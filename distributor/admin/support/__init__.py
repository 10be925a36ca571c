"""What the admin pages share: base classes, search, filters, pagination, form fields and renderings.

May import Django, the engine and the models, but none of the pages.
"""

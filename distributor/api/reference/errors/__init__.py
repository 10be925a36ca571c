"""The catalogue of error codes: what each means and what to do, shown at `/errors/`.

A problem's `type` is the address of its code's page. A code that is not in the catalogue fails the tests.
"""

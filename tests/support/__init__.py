"""Helpers of the tests. `standins` imitate vendors; `channels`, `engine` and `api` serve tests of those parts."""

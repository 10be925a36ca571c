"""Templates: all of them, the editor with its preview, and the versions of each."""

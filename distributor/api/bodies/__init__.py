"""What bodies have in common: the types of their fields, their faults, and the answer to a dry run."""

"""Web pages that show the messages the sandbox provider received."""

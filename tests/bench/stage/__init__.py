"""What a run needs: databases, contacts, processes, clients, stand-ins for providers. Imports no other folder."""

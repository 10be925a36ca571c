"""A simulation of many workers over the claim protocol, fed by measured unit costs. Needs no database."""

"""The kinds of the group core (the group without a name)."""

"""The data dictionary: every table of the store, by what it is about."""

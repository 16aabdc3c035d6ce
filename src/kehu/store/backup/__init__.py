"""Backups: all that a store holds in one file that belongs to no database, and the way back."""

"""Identify: which stored records are one customer, and what follows from it."""

"""Counting: every figure of the dashboard, for every filter at once, in one walk over the store."""

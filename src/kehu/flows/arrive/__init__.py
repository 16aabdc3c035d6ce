"""Arrive: single records, which become customers while somebody waits."""

"""Upkeep: what keeps a store sound over the years: one run at a time, backups, keys, the audit trail."""

"""Compare pairs of records: each comparison gives every pair one of its named levels."""

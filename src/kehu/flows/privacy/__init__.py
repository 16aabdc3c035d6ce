"""What people may ask for: consent, restriction, disclosure, erasure; all of it noted in the audit trail."""

"""Intake: what channels hold becomes records, batch by batch, or lies in quarantine."""

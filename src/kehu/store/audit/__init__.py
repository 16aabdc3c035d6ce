"""Who saw or changed what: written before it happens, chained, and sealed by a head outside the database."""

"""Ways to take in a hall's export; each prints what it made of the rows as JSON."""

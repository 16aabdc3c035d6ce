"""The customers, records and decisions in a relational database."""

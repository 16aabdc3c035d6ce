"""Names: whether a person or an organization bears them, and their forms for people and for matching."""

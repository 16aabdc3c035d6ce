"""What the database may not read: the keys of a store, and what is sealed with them."""

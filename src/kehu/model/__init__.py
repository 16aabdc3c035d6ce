"""The shared words: the columns of the tables that pass between rooms, and the code tables."""

"""Analysis: figures, segments, and what is taken out of the store as files."""

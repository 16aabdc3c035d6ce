"""Bring in what the channels hold, as it came: a batch of rows, their positions, a cursor."""

"""Figures, charts and reports over what the store holds."""

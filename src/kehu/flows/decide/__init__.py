"""Decide: what stewards say of customers and of pairs in doubt, and how it is taken back."""

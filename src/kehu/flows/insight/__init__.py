"""Insight: what people look at, and how much of it each of them may see."""

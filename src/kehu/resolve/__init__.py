"""Find which records are one customer: keys, comparisons, weights, groups, ids and golden values."""

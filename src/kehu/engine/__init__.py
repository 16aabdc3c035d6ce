"""Relational work on big tables: joining keys into pairs, mapping a stage over batches."""

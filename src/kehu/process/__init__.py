"""Make clean records of raw rows: map the columns, clean every value, check the rules."""

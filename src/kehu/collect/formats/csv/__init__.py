"""CSV and TSV: what the file is like, its well-formed lines at once, the others one by one."""

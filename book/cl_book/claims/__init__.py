"""Claims: what is stated before a run, and what the results say of it."""

"""Notebooks: what one puts on record, how it is run, and whether what is stored still holds."""

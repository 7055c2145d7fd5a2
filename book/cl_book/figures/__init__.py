"""Figures: one look for all of them, and what each kind draws."""

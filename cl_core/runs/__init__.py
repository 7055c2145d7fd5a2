"""Runs: many experiments, in order, on several processes, and whether what they stored still holds."""

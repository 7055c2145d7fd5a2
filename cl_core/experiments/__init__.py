"""Experiments: what is run (catalogue, plan), how (runner, sweep), and what came of it (store, staleness)."""

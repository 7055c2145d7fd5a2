"""The commands of `cl-core` that run experiments, and what they show on a terminal."""

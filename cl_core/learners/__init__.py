"""Networks that learn a sequence of tasks. Import the modules; `metrics` and `recipe` do without torch."""

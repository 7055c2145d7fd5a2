"""What tests of several folders share, and what `make bench` times."""

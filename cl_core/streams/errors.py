"""What can be wrong with data on disk or on the network."""


class DataError(Exception):
    """Data that are absent, damaged, hostile or impossible to write.

    The message names the file, what was expected, and what to do. Nothing half-written is left behind.
    """

"""A companion to arXiv 2602.20796: how much may a network move, and what does it forget?"""

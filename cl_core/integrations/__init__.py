"""A strategy in somebody else's training loop: Avalanche, Lightning, and the Trainer of Hugging Face Transformers.

Each module needs its own library beside PyTorch; the extra ``cl-core[peers]`` brings all three.
"""

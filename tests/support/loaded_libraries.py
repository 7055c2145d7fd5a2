"""Loads what notebooks import, and keeps the garbage collector from it: a kernel forked from here has it at no cost."""

import gc
from importlib import import_module

gc.disable()
for library in ("ipykernel.kernelapp", "matplotlib_inline.backend_inline", "scipy.stats", "sympy", "torch"):
    import_module(library)
gc.freeze()
gc.enable()

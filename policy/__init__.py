"""bartizan: proves security architectures.

`policy.check.check(source)` is the whole tool as a function: a design in, as a file or a text, and a `Report` out.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]

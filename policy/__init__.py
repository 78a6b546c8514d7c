"""bartizan: proves security architectures.

`policy.check(source)` is the whole tool as a function: a design in, as a file or a text, and a `Report` out. Nothing
else is loaded before it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy.checking import check
    from policy.report.outcome import Report, Result, Violation

__version__ = "0.1.0"

__all__ = ["Report", "Result", "Violation", "__version__", "check"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module `policy` has no attribute `{name}`")
    from policy import checking

    return getattr(checking, name)

"""How an exception, which is always a bug of ours, is told to whoever has to report it."""

from __future__ import annotations

import traceback
from pathlib import Path

PLEA = "this is a bug of bartizan, not of the design: please report it"


def described(error: Exception) -> str:
    """What went wrong, and where in our code."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{f': {error}' if str(error) else ''}{where}"

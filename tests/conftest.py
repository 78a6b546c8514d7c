"""Profiles of hypothesis: `quick`, the default, is the same on every run; `deep` is for hours of search.

`HYPOTHESIS_PROFILE=deep pytest tests/test_agreement.py` tries 40,000 designs, in shards that pytest-xdist spreads.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "quick", max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=SLOW
)
settings.register_profile("deep", max_examples=1000, deadline=None, print_blob=True, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

"""How hypothesis runs: the same examples every time, and many random ones for `make fuzz`."""

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

# A change is judged by its own merits: `make test` draws the same examples on every machine.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, print_blob=True, suppress_health_check=SLOW
)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("RECONVERGE_EXAMPLES", "100")),
    deadline=None,
    print_blob=True,
    suppress_health_check=SLOW,
)
settings.load_profile("fuzz" if "RECONVERGE_EXAMPLES" in os.environ else "repeatable")

"""How hypothesis runs: the same examples every time, many random ones for `make fuzz`; where code is kept."""

import atexit
import os
import shutil
import tempfile

from hypothesis import HealthCheck, settings

# Compiled once for all tests, their subprocesses included; and never in what the user's own runs use.
os.environ["RECONVERGE_CACHE"] = tempfile.mkdtemp(prefix="reconverge-tests-")
atexit.register(shutil.rmtree, os.environ["RECONVERGE_CACHE"], ignore_errors=True)

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

"""Settings that all tests share: random examples are the same in every run, on every machine; Ctrl-C is heard."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

settings.register_profile(
    "divgrad",
    derandomize=True,
    database=None,
    deadline=None,  # the first call of a kernel compiles it
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("divgrad")

# A shell that runs the tests in the background has them, and what they start, ignore Ctrl-C, which some of them try.
signal.signal(signal.SIGINT, signal.default_int_handler)

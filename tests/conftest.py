"""Settings of the whole suite."""

import os

from hypothesis import settings

# The same cases on every machine, so that a failure can be met again; HYPOTHESIS_PROFILE=hunt looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("hunt", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

"""Run a command and write down what it took: `python -I -S spent.py FILE COMMAND...`.

In a process of its own, as small as can be: a child's peak memory is never told below that of the process it was
started from.
"""

import json
import os
import sys
import time

began = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
wall_s = time.perf_counter() - began
peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
with open(sys.argv[1], "w") as out:
    json.dump(
        {"wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mib": peak_bytes / 2**20}, out
    )
sys.exit(os.waitstatus_to_exitcode(status))

"""A worker process: told points on stdin, tells rows on stdout, both as pickles; ends when stdin does."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from typing import BinaryIO

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def main() -> None:
    """What else is printed meanwhile goes to stderr, so that stdout carries rows only."""
    told, rows = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    work(told, rows)


def work(told: BinaryIO, rows: BinaryIO) -> None:
    """Run what comes until nothing comes; the modules and chips of one point are warm for the next."""
    from xbarsim.study.evaluate import Bench

    bench = Bench()
    while True:
        try:
            job = pickle.load(told)
        except EOFError:
            return
        try:
            pickle.dump(bench.row(job), rows)
            rows.flush()
        except BrokenPipeError:  # nobody is there any more
            return
        if not gc.get_freeze_count():
            gc.freeze()  # modules and what is kept warm: looking for garbage in them would be a tenth of the time


if __name__ == "__main__":
    main()

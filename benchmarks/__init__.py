"""Speed and scale, as ratios against a reference in the same run. `make bench`; no test asserts a time."""

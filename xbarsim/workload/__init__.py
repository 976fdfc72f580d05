"""Networks as operation graphs: capture from torch, saved traces, and workload files."""

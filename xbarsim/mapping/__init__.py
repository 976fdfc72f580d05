"""From an operation graph and a chip to a Program: who sits where, and what flows to whom."""

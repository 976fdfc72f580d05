"""Upkeep of cells that age: when they are corrected, in which order, what it writes, and what becomes of accuracy."""

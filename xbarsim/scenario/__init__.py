"""What to run on a chip, and the one value that comes out: Result."""

"""Published chips: each figure that was reported beside the simulator's own."""

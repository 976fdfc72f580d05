"""Training in place: update rules that say which pulses and reads they ask for."""

"""The compiled twin of the event engine: the same events in the same order, fifty to ninety times faster."""

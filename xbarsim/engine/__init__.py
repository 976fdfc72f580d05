"""The event engine: whole picoseconds, ordered instants, stations, chains, streams. It knows no chips."""

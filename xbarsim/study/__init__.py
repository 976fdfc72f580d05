"""Design-space exploration: study files, the store of finished points, sweeps, search, sensitivity, comparison."""

"""The programs the hotline runs on, started from `.runtime/`: for `make run`, tests, demo and benchmarks."""

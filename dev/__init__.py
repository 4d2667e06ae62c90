"""Local servers from `.runtime/`, for `make run`, tests, demo and benchmarks."""

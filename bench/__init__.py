"""Benchmarks beside peers: `python -m bench [ONLY]` prints JSON lines."""

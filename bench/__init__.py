"""Benchmarks side by side with what others would use: `python -m bench [ONLY]`, one JSON line each."""

"""Queues and routing rules edited in the console: versions and their checks."""

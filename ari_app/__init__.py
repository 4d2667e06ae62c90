"""Asterisk application of the hotline."""

__version__ = "0.1.0"

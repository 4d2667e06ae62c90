"""Recordings: entries, sealed files and the audit of their use."""

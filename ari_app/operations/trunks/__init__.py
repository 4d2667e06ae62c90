"""Carrier's trunk: templates, and checks against the running Asterisk."""

"""Fakes for unit tests: Asterisk, time, and the services around a call."""

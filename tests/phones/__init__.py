"""Simulated phones: SIP accounts that register, call, answer, press keys, speak and listen, each in its own process."""

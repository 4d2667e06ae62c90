"""Simulated SIP phones, each in its own process.

They register, call, answer, press keys, speak and listen.
"""

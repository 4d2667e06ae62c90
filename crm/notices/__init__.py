"""Telling people what happens to tickets: who, by which channel, in which words, and whether it arrived (H7, H16)."""

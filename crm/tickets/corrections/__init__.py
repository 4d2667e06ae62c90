"""Corrections of entered tickets (更正)."""

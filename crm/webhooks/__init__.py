"""Telling other systems over HTTP: signed, never redirected, never into our own network (S35)."""

"""Definitions of all figures: the one place for reports, pages and documents."""

"""Catalogue of causes as a tree, and the departments it proposes (H2, H6)."""

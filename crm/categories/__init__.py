"""The catalogue of causes: a tree, and which department a cause proposes (H2, H6)."""

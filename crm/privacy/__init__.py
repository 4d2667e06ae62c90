"""Who sees what of a person: masked in one place, unmasked on demand and noted, exported and erased (S29)."""

"""Who tickets are dispatched to: a tree of departments."""

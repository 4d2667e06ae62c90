"""Who waits, who is free, and the one atomic step that brings them together. All of its state is in Redis."""

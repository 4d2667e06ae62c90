"""Live calls: the only code that knows channels and bridges."""

"""Forms: fields of each kind of ticket, changed by administrators (H12)."""

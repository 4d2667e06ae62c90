"""What is asked about each kind of ticket: fields as data, which an administrator changes (H12)."""

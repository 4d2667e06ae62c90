"""What callers hear: the conversations as YAML, and the few Python actions they may call."""

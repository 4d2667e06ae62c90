"""A live call: legs, bridge, media, stage. The only code that knows channels and bridges."""

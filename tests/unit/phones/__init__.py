"""The simulated phones' sound, without a server."""

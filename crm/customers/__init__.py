"""Who the service is for, and whose number is calling."""

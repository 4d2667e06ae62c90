"""Call control: hold, reconnect, transfer, consultation, three-party calls."""

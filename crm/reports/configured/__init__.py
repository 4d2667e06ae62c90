"""Standards of the configuration: flows and queues judged before a call comes."""

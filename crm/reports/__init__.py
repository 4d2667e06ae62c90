"""Reports: figures of calls and tickets, computed from stored facts."""

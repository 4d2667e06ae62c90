"""What was recorded: an entry for every segment, sealed files that show when they were changed, and who listened."""

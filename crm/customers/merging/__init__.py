"""Two entries, one person: merging customers, and taking them apart exactly as they were."""

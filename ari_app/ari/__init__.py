"""ARI: the REST pool, where events come from, typed events, who hears of them. Nothing else knows ARI's JSON."""

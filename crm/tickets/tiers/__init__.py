"""County, city, province: each tier answers or passes on, and the answer travels back down (H16)."""

"""Who tickets are dispatched to, and the catalogue of causes that proposes them."""

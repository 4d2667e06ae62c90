"""Files of tickets: photos and documents, checked and stored."""

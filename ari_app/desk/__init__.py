"""The HTTP and WebSocket server: serves every feature's route table, who is signed in, and what desks show."""

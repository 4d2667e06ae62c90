"""Client of Asterisk's ARI and AMI; no other package knows their JSON."""

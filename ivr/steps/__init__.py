"""What each kind of step does, one small file for each group."""

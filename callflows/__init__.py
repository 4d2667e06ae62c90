"""Call flows as YAML, their prompts, and the actions they run."""

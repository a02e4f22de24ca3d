"""The commands status, restart and scale, and what they do."""

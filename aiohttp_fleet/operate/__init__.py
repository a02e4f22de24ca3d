"""The commands status, restart and scale."""

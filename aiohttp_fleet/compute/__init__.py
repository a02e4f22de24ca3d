"""Compute: text and findings out of what was read. Pure."""

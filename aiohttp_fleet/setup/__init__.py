"""Set up a project: its configuration files, and its service."""

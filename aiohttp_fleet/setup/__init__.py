"""The commands init and boot: the files of a new project, and its service."""

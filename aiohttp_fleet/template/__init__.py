"""The template of a program's workers: a process that has imported the application, and forks workers on request.

Workers share the memory of what is imported, and start in milliseconds. What cannot be shared is found, not
configured: then the template has imported the libraries alone, or workers are executed.
"""

"""Well-known libraries, each in an application that uses it at its import as its documentation does, in a template.

applications.toml has the applications: ``answer`` is awaited at each request, in each of two workers, and raises where
the library does not work. ``differ``: the workers must not answer the same.
"""

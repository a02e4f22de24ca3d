"""A site in parts: sub-applications, static files and uploads."""

"""The application's static routes, served by nginx."""

"""HTTPS: a certificate from certbot, served by nginx."""

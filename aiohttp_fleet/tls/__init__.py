"""The command tls: a certificate from certbot, served by nginx."""

"""What every room uses: errors, files, sockets, signals. Knows nothing of fleets."""

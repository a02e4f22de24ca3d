"""What all rooms use: errors, findings, output, files, sockets, signals. Nothing here knows fleets."""

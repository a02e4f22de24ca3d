"""Four projects as strangers write them; each directory is copied, installed next to the kit and served."""

"""Four projects as strangers write them; each directory is copied, installed beside the kit and served."""

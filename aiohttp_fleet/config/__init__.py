"""What the files of a fleet say: supervisord.conf as frozen data, and whether the files agree."""

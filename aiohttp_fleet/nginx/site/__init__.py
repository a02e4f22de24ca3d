"""A fleet as a site of an nginx that the system runs."""

"""A blog: a package with a factory, a pool of database connections and templates."""

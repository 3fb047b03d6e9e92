"""Read models: what the pages show, each read in one consistent view of the store."""

"""Years of a tenant's life with the whole loop: watch, training, contest, publication, and what being shown does."""

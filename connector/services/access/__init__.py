"""Who may use a tenant's pages, as what, and how they come in."""

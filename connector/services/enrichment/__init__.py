"""Facts about companies from elsewhere: brought in files, or bought within a budget. Off until a tenant opts in."""

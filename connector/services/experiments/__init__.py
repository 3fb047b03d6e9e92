"""Experiments on a tenant's own leads: whose scores are held out, for how long, and what came of it."""

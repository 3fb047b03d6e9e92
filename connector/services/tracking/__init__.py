"""Engagement from a tenant's own sites: who may send, what is taken, and whose it is."""

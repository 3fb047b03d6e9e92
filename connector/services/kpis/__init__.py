"""Figures about a tenant's leads: counted once a week, kept, and shown with what is behind each."""

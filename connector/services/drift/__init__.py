"""Watching daily whether those who come still look like those whom the model learned from."""

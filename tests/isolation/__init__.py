"""Tenants stay apart: by the database's own policies, by each route, by each task."""

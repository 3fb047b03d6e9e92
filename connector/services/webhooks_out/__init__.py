"""Webhooks out: a tenant's own systems are told of changed tiers, signed, until they took it."""

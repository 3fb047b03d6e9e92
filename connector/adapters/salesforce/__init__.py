"""Salesforce: the adapter over its REST, Collections, Tooling and Bulk 2.0 APIs."""

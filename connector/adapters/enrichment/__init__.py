"""Providers of facts about companies: what they offer, and how each is asked."""

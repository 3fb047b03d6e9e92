"""The lead-scoring connector: install, sync, score, write back."""

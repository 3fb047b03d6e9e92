"""Setting up, step by step: from connecting a CRM to the first scores that are written."""

"""``python -m scoring``: training and scoring from files, without a database or a CRM."""

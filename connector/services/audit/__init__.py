"""The ledger for people: looked through by kind, person, lead, day and account, verified, and taken out as a file."""

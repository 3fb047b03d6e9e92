"""What people say of scores: a thumb and why, a value instead, whom to leave out. Nothing here knows of pages."""

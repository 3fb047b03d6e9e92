"""What people may ask of those who hold something about them, and how long it is held."""

"""What the product does. Web, workers and commands only start these or read what they left."""

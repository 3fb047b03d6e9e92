"""What programs may ask for: keys, and what stands behind each route of the REST API."""

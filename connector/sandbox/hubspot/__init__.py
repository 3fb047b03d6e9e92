"""A stand-in of HubSpot's API, held to its published behaviour of 2026."""

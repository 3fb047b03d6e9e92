"""Do the people who come still look like those whom the model learned from? Watched on arrivals, never on stock."""

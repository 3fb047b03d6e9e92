"""Each week's list: what is forecast of it is sealed, at least so many are promised, and both are held against what
came."""

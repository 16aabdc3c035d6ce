"""Our own users: how they come in, what may be changed of them, and how often they may ask."""

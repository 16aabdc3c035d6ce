"""Customer service: tickets and their clock, arriving calls, notes on customers."""

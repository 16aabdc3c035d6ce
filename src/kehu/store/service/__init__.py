"""Customer service as it is stored: tickets, arriving calls, notes on customers."""

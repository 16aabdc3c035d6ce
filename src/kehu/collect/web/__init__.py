"""How a REST service is spoken to: which hosts, with what proof, how often again, and page by page."""

"""What people may ask for: consent, restriction, disclosure and erasure, as the store keeps and honours them."""

"""The stories of the house: each joins several rooms, and each is one transaction."""

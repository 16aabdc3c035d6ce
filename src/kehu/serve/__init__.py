"""The application: pages for people and an interface for machines."""

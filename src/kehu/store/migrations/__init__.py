"""The steps from one schema to the next, oldest first; run by Alembic without an ini file."""

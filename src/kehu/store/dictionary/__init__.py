"""The data dictionary: tables by what they are about; those of records and customers stand in `store/tables.py`."""

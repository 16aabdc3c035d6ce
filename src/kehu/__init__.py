"""kehu (客户) turns the customer records of every channel into one trusted customer, and serves it."""

__version__ = "0.1.0"

"""How long one example of a law may take: as long as it likes, for the first builds tables of characters."""

from hypothesis import settings

settings.register_profile("kehu", deadline=None)
settings.load_profile("kehu")

"""Made-up sets unlike the town: nothing that kehu ships was ever learned from them."""

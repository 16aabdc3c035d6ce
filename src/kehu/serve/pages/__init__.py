"""Web pages: one file a feature, each page one frozen dataclass and one template."""

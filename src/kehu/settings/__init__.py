"""The settings: `kehu.toml` and the environment, read once, here, and nowhere else."""

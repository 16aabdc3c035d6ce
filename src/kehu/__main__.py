"""Run the command line: `python -m kehu`, and the script `kehu`."""

from kehu.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()

"""Run the command line: `python -m kehu`, and the script `kehu`."""

from kehu.cli.door import main

__all__ = ["main"]

if __name__ == "__main__":
    main()

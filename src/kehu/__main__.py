"""Run the command line: `python -m kehu`, and the script `kehu`."""

from kehu.cli import door
from kehu.serve.app import create


def main() -> None:
    """Run `kehu`; the commands do not know the application, so it is handed to them here."""
    door.main(application=create)


if __name__ == "__main__":
    main()

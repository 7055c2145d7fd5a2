"""The door to the command line: `cl-core`, or `python -m cl_book`. Without what commands are made of, one line says so."""

import sys

from cl_core.extras import missing_extra


def main() -> None:
    """Run the command line, or say on stderr in one line, with exit code 2, which extra it needs."""
    try:
        from cl_book import cli
    except ModuleNotFoundError as error:
        line = missing_extra(error)
        if line is None:
            raise
        sys.stderr.write(f"cl-core: {line}\n")
        sys.exit(2)
    cli.main()


if __name__ == "__main__":
    main()

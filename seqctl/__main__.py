"""`python -m seqctl` is `seqctl`."""

from seqctl.cli import main

if __name__ == "__main__":
    main()

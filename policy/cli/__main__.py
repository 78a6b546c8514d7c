"""`python -m policy.cli`."""

from policy.cli import main

if __name__ == "__main__":
    main()

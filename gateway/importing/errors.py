"""What can be wrong with a file as a whole; what is wrong with a row is told in FILE.rejected.csv."""


class UnusableFile(Exception):
    """Nothing of this file can be read: says why and what to do."""

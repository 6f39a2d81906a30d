"""The version, in its one place: pyproject.toml, the package and its files read it here."""

__version__ = "0.1.0"

"""An entry point that cannot be imported, as one whose environment is not set up."""

raise KeyError("DATABASE_URL")

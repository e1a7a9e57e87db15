"""Engine.IO for Django.

The public names of the package, re-exported from its modules; no code lives here. The integration
is in development: there is no public name yet.
"""

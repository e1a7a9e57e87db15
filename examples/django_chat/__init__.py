"""A chat on Django: a project and its only application in one folder."""

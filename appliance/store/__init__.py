"""SQLite through peewee: one writer with group commit, readers, the change feed, migrations."""

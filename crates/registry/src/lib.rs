//! Who may see what since when: the one authority, on SQLite

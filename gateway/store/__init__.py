"""PostgreSQL, the truth: SQL in named functions, one file a subject, sets instead of loops."""

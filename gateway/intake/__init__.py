"""HTTP → event: reads, checks, de-duplicates and stores events; answers only when they are on disk."""

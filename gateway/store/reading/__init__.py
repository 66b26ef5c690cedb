"""The SQL of the reading side, one file a subject: it writes nothing, and sees only the regions it is told to."""

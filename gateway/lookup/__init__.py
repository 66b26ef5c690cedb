"""What carriers' services say of a number: a port, its drivers, and asking with a memory. Answers are evidence, never a verdict."""

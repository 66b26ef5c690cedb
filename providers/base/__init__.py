"""What every provider shares: words, values and the I/O."""

"""message → attempt: last check that it is still true, rate, send, record the outcome."""

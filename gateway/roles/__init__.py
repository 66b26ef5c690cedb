"""What a process does once it runs: serve the API, or watch over the processes of a whole gateway."""

"""Tixing: events in, people informed, every step on record. The stages, the store, the API and the command line."""

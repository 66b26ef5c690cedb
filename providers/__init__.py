"""Providers: a file or a folder each, and the contract they meet in `base`. README.md says how to add one."""

"""Providers: one file each, and the contract they meet in `base`. README.md says how to add one."""

"""Every fact stands in a seal of a chain: written with it (chain), published (heads), and compared again (verify)."""

"""evidence → belief: per number, and per person and number. Pure; the full model is a later issue and takes this room."""

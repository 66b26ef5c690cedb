"""vendor report → status: normalise, join, move forward only. Pure; gateway/pipeline/receive.py writes it."""

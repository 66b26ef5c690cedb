"""Where stages meet in one transaction: accept (intake and plan), the planner, receipts. The stages themselves do not know each other."""

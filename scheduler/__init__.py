"""The calendar, the arq worker and what it does by the clock."""

"""HTTP → stages and store: the routes of CONTRACT, who may call them, and how they answer."""

"""message → text: templates that never run code, versions pinned by content, segments as mainland carriers count them."""

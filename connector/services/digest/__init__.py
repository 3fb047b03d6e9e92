"""What people are told by e-mail and in chats: the week in figures, and alerts as they open."""

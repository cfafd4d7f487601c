"""What each command of an agent does. Whatever cannot be done is refused, and with it the whole mail."""

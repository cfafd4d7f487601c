"""The way out: letters to the relay. A letter is in doubt deferred, and what became of it is a type."""

"""The nouns: frozen data that every stage agrees on. Standard library only."""

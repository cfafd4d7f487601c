"""Every letter that any test makes is read here by the rules of a good letter; conftest hooks it where letters are sealed."""

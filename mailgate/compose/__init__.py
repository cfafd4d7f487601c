"""Words to a person: templates become text and HTML, a header is written around them, and the letter is sealed."""

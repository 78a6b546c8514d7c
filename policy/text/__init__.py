"""Design text to model and back to text: the only room that knows lark."""

"""What a verdict rests on: traces as values and files, each repeated by CPython on the author's class."""

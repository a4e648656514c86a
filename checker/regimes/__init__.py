"""How much failure a property is judged under."""

__all__: list[str] = []

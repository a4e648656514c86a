"""The transition system that every other part speaks of."""

__all__: list[str] = []

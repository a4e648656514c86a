"""Explicit search: every reachable state, in memory, exactly."""

__all__: list[str] = []

"""How much an exploration may take, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.explicit.exploration import Progress
    from checker.explicit.reduced_search import Reduction
    from checker.explicit.state_graph import StateGraph
    from checker.regimes.regime import UnderRegime
    from checker.system.transition_system import Property

__all__ = ["Limits"]

_PROMPT = 5_000_000
"""Steps that are still looked at as a whole though somebody who pressed Ctrl-C waits for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What `check` and `explore` pass on to the explorer; the fields are its parameters."""

    max_states: int | None = None
    memory: int | None = None
    threads: int = 1
    save: Path | None = None
    resume: bool = False
    save_every: float | None = None

    def explore(
        self,
        under: UnderRegime,
        *,
        keep_edges: bool = True,
        progress: Progress | None = None,
        reduction: Reduction | None = None,
    ) -> StateGraph:
        """Explore a system within these limits."""
        from checker.explicit.explore import SAVE_EVERY, explore

        return explore(
            under,
            keep_edges=keep_edges,
            max_states=self.max_states,
            progress=progress,
            memory=self.memory,
            threads=self.threads,
            save=self.save,
            resume=self.resume,
            save_every=SAVE_EVERY if self.save_every is None else self.save_every,
            reduction=reduction,
        )

    def left_out(self, graph: StateGraph, claim: Property) -> str:
        """Why a property is not judged on what was explored; empty if it is."""
        from checker.findings.judging import memory_needed, needs_edges

        if graph.reason == "interrupted" and needs_edges(claim) and len(graph.targets) > _PROMPT:
            return graph.reason
        needed = memory_needed(graph, claim)
        return self.too_much(needed) if needed else ""

    def too_much(self, needed: int) -> str:
        """Why so many more bytes cannot be used; empty if they can."""
        from checker.explicit.memory import default_limit, resident_memory, size_text

        limit = default_limit() if self.memory is None else self.memory
        if resident_memory() + needed <= limit:
            return ""
        return f"memory limit of {size_text(limit)}: judging it takes about {size_text(needed)} more"

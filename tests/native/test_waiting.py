"""Long calls that Ctrl-C can leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from checker.native.waiting import interruptible

ROOT = Path(__file__).parents[2]


def test_it_is_the_call() -> None:
    """What it returns, and what it raises."""
    assert interruptible(max, 3, 5) == 5
    assert interruptible(list) == []
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)


def test_another_thread_calls_itself() -> None:
    """Only the main thread is ever interrupted."""
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(interruptible(threading.current_thread)))
    thread.start()
    thread.join()
    assert seen == [thread]
    assert interruptible(threading.current_thread) is not threading.current_thread()


def test_without_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room for one, the call is still made."""

    def fails(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fails)
    assert interruptible(max, 3, 5) == 5


def test_ctrl_c_leaves_it() -> None:
    """At once, though the call goes on."""
    begun = time.monotonic()
    threading.Timer(0.1, signal.raise_signal, (signal.SIGINT,)).start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(time.sleep, 20)
    assert time.monotonic() - begun < 10


ENDLESS = """
import sys, threading, signal, os
import numpy as np
from checker.native.intrinsics import Row
from checker.native.kernel import kernel
from checker.native.waiting import interruptible

@kernel
def endless(numbers: Row, count: int) -> int:
    turn = 0
    while numbers[0] == 0:
        turn += 1
        numbers[1 + turn % count] = turn
    return turn

def work():
    numbers = np.zeros(1 << 20, dtype=np.int64)
    endless.compiles(np.ones(2, dtype=np.int64), 1)
    print("begun", flush=True)
    try:
        interruptible(endless, numbers, len(numbers) - 1)
    except KeyboardInterrupt:
        print("left", flush=True)

work()
del endless, work
sys.exit(4)
"""


def test_the_process_can_end_meanwhile(tmp_path: Path) -> None:
    """With its own exit code, while machine code still runs in memory that nobody else holds."""
    (tmp_path / "endless.py").write_text(ENDLESS)
    process = subprocess.Popen(
        [sys.executable, "endless.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (stdout, stderr, process.returncode) == ("left\n", "", 4)

"""A large load shared by two processes: parsing is all CPU, and threads would only take turns at it."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

# Below this a second process costs more than it saves (about a second of parsing).
WORTH_BYTES = 8 << 20


def can_share() -> bool:
    """Whether a second process can be had cheaply: a forked one shares our memory, and no thread of ours is lost."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def in_two_processes(work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
    """Do `work` on every task and give the results in order.

    We begin at the front, the other process at the back, until we meet. Should it die, we do its part as well.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("fork"), initializer=_leave_interrupts_to_us) as other:
        futures = [other.submit(work, task) for task in reversed(tasks)]
        try:
            for task in tasks:
                yield _taken_over(futures.pop(), work, task)
        except BaseException:
            other.shutdown(cancel_futures=True)
            raise


def _taken_over(future: Future[Result], work: Callable[[Task], Result], task: Task) -> Result:
    """Give what the other process made of a task; do it here if it has not begun, or never will."""
    if future.cancel():
        return work(task)
    try:
        return future.result()
    except BrokenProcessPool:
        return work(task)


def _leave_interrupts_to_us() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

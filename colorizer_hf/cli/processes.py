"""Photographs side by side, in processes of one thread each.

They do more than one process of several threads: most of what a photograph needs is in small pieces. A process that the
system kills, for want of memory say, is replaced, and its photograph tried once more.
"""

import multiprocessing
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait

from ..errors import ColorizerError, ImageError
from .work import Failure, Job, Outcome, Work, keep_to_one_thread

_AHEAD = 16  # photographs that may be done for each process before an earlier one is
_ATTEMPTS = 2


def do_side_by_side(work: Work, jobs: Iterable[Job], processes: int) -> Iterator[tuple[Job, Outcome]]:
    """See `work.do_all`."""
    keep_to_one_thread()
    upcoming, done, first = enumerate(jobs), dict[int, tuple[Job, Outcome]](), 0
    helpers = [_Helper(work) for _ in range(processes)]
    try:
        while True:
            while first in done:
                yield done.pop(first)
                first += 1
            for helper in helpers:
                if helper.job is None and len(done) < _AHEAD * processes and (one := next(upcoming, None)):
                    helper.give(*one)
            busy = {helper.connection: helper for helper in helpers if helper.job is not None}
            if not busy:
                return
            for connection in wait(list(busy)):
                helper = busy[connection]  # ty: ignore[invalid-argument-type]
                if finished := helper.take():
                    done[helper.number] = finished
    finally:
        for helper in helpers:
            helper.end()


class _Helper:
    """A process that colours one photograph after the other. Killed ones share nothing that they could leave locked."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.job: Job | None = None
        self.number = -1  # of the job
        self._attempts = 0
        self._begin()

    def give(self, number: int, job: Job) -> None:
        """Begin with a photograph."""
        self.number, self.job, self._attempts = number, job, 0
        self._send()

    def take(self) -> tuple[Job, Outcome] | None:
        """What became of it, once the connection has something to say; None while it is tried again.

        Raises:
            ColorizerError: the process cannot work at all.
        """
        assert self.job is not None
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            answer = self._after_death()
        if isinstance(answer, ColorizerError):
            raise answer
        if answer is None:
            return None
        job, self.job = self.job, None
        return job, answer

    def end(self) -> None:
        """Let it end, at once if it is at work."""
        if self.job is not None:
            self._process.terminate()
        self.connection.close()
        self._process.join()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy threads that are not there any more
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_help, args=(self._work, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def _send(self) -> None:
        self._attempts += 1
        with suppress(OSError):  # it has been killed meanwhile, which the next look at the connection says
            self.connection.send(self.job)

    def _after_death(self) -> Outcome | None:
        self._process.join()
        code = self._process.exitcode or 0
        self.connection.close()
        self._begin()
        if self._attempts < _ATTEMPTS:
            self._send()
            return None
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        problem = f"its process {how}, twice; there may be too little memory: try fewer --jobs"
        return Outcome(0.0, failures=(Failure.of(ImageError(problem)),))


def _help(work: Work, connection: Connection) -> None:
    """What such a process does until nobody has anything more for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; who began it ends it
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # half-written files are taken away
    try:
        paint = work.load()
    except ColorizerError as error:
        connection.send(error)
        return
    with suppress(EOFError, OSError):
        while True:
            connection.send(work.do(paint, connection.recv()))


__all__ = ["do_side_by_side"]

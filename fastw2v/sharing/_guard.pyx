"""`Guard`: who may change a model now. Compiled, because Ctrl-C and other threads strike between lines of Python."""

import os
from threading import RLock

cimport cython
from cpython.pythread cimport PyThread_get_thread_ident


cdef long forks = 0  # a child has its parent's guards, but not the threads that hold them


def _count_fork():
    global forks
    forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)

# What a thread may begin inside of what it does itself; see `Guard`.
cdef dict INSIDE = {
    "counting": ("vocabulary", "counting"),
    "vocabulary": ("vocabulary",),
    "training": ("vocabulary",),
    "epoch": ("training",),
}


cdef class Guard:
    def __cinit__(self):
        self.forks = self.forks_of_locks = -1

    def hold(self, str kind, str what):
        """Return a context manager that does `kind` of work; to enter it raises RuntimeError if others are at work."""
        return Hold(self, kind, what)

    def check_edit(self, str what):
        """Raise RuntimeError if another thread is at work, or an epoch of this one."""
        self.refuse_edit(what)

    @property
    def held(self):
        """Whether anybody is at work."""
        return self.is_held()

    @property
    def free(self):
        """Whether no other thread is at work."""
        return not self.is_held() or self.thread == PyThread_get_thread_ident()

    @property
    def shared(self):
        """Whether the last to work on the model was another thread."""
        return self.thread != 0 and self.thread != PyThread_get_thread_ident()

    @property
    def edits(self):
        """Lock: held by who edits rows, so that others wait for their turn. Before the other two."""
        return self.locks()[0]

    @property
    def steady(self):
        """Lock: while it is held, nobody takes over anything new. Before `commits`, if both are needed."""
        return self.locks()[1]

    @property
    def commits(self):
        """Lock: held for the moment in which what belongs together is taken over, or picked up."""
        return self.locks()[2]

    cdef bint is_held(self) noexcept:
        return self.kind is not None and self.forks == forks

    cdef tuple locks(self):
        # They are made outside of the critical section: Python code, which makes them, may leave it for a while.
        known = self.keep_locks(None)
        return self.keep_locks((RLock(), RLock(), RLock())) if known is None else known

    @cython.critical_section
    cdef tuple keep_locks(self, tuple made):
        """Return the locks of this process: those that there are, else `made`, which are kept."""
        if self.forks_of_locks != forks:
            if made is None:
                return None
            self._locks, self.forks_of_locks = made, forks
        return self._locks

    @cython.critical_section
    cdef refuse_edit(self, str what):
        if self.is_held() and (self.thread != PyThread_get_thread_ident() or self.kind == "epoch"):
            raise self.refusal(what)

    @cython.critical_section
    cdef enter(self, Hold hold):
        cdef bint held = self.is_held()
        cdef unsigned long me = PyThread_get_thread_ident()
        if held and (self.thread != me or self.kind not in INSIDE[hold.kind]):
            raise self.refusal(hold.what)
        hold.before = self.kind if held else None
        self.kind, self.thread, self.forks = hold.kind, me, forks
        hold.entered = True

    @cython.critical_section
    cdef leave(self, Hold hold):
        if hold.entered and self.forks == forks and self.thread == PyThread_get_thread_ident():
            self.kind = hold.before
            if hold.kind == "epoch":
                self.in_place = False
        hold.entered = False

    cdef refusal(self, str what):
        training = self.kind in ("training", "epoch")
        if self.thread == PyThread_get_thread_ident():
            by = "the very call that reads this text or runs this callback"
            advice = f"do it when {'train()' if training else 'build_vocab()'} has returned"
        else:
            by = "another thread"
            advice = f"wait until its {'train()' if training else 'build_vocab()'} has returned, or use a copy"
        doing = "is being trained" if training else "gets another vocabulary"
        return RuntimeError(f"{what} is refused, and nothing was changed: this model {doing} by {by}; {advice}")


cdef class Hold:
    def __cinit__(self, Guard guard not None, str kind not None, str what):
        self.guard, self.kind, self.what = guard, kind, what

    def __enter__(self):
        self.guard.enter(self)

    def __exit__(self, *_):
        self.guard.leave(self)

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
        if self.is_held() and (self.thread != PyThread_get_thread_ident() or self.kind == "epoch"):
            raise self.refusal(what)

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
    def steady(self):
        """Lock: while it is held, nobody takes over anything new. Before `commits`, if both are needed."""
        self.renew_locks()
        return self._steady

    @property
    def commits(self):
        """Lock: held for the moment in which what belongs together is taken over, or picked up."""
        self.renew_locks()
        return self._commits

    @cython.critical_section
    cdef bint is_held(self):
        return self.kind is not None and self.forks == forks

    @cython.critical_section
    cdef renew_locks(self):
        if self.forks_of_locks != forks:
            self._steady, self._commits = RLock(), RLock()
            self.forks_of_locks = forks

    @cython.critical_section
    cdef enter(self, Hold hold):
        cdef bint held = self.kind is not None and self.forks == forks
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

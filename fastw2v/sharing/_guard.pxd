cdef class Guard:
    cdef str kind                     # of work that is going on; None: none
    cdef unsigned long thread         # that does it, or did it last; 0: none ever
    cdef long forks, forks_of_locks   # of this process, when it began, and when the locks were made
    cdef tuple _locks                 # `edits`, `steady`, `commits`
    cdef public bint in_place         # workers write to the model's own matrices
    cdef bint is_held(self) noexcept
    cdef tuple locks(self)
    cdef tuple keep_locks(self, tuple made)
    cdef refuse_edit(self, str what)
    cdef enter(self, Hold hold)
    cdef leave(self, Hold hold)
    cdef refusal(self, str what)


cdef class Hold:
    cdef Guard guard
    cdef str kind, what, before
    cdef bint entered

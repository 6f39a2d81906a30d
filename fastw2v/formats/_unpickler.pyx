"""The opcodes of a pickle, read within bounds: in depth, size and time, all set by the size of the pickle.

Python's own unpickler hashes what a pickle calls a key before anyone can look at it. A tuple in a tuple in a tuple,
a million times, ends the process; a tuple that holds one tuple twice that holds one twice, 60 times, is hashed in
2**60 steps; n keys that collide take n**2 steps. Here every key is measured first, and a `Budget` pays for whatever
one opcode can repeat: it lasts for a fixed number of steps per byte of the file.

Names lead to what `find` returns, and only `Callable` results of it are called, with the budget and the arguments.
"""

from cpython.bytearray cimport PyByteArray_FromStringAndSize
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DecodeLatin1, PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcpy, memset

import codecs
import datetime
import decimal

from fastw2v.formats.errors import OddKey, RefusedPickle


cdef enum:
    PER_BYTE = 64        # steps that a byte of the file pays for: a word is a key of some three dicts, and more
    AT_LEAST = 1 << 20   # steps that every file has
    DEPTH = 16           # of tuples in tuples in a key
    FEW = 64             # keys may collide as they like
    COLLISIONS = 32      # of more keys, as many may share a hash
    LONGEST_INT = 512    # bytes
    LONGEST_LINE = 1024  # bytes of a number in text
    MOST_ARGUMENTS = 256
    OBJECT = 128         # steps for an object that takes a few bytes in the file and a hundred in memory
    SET = 256            # steps for an empty set
    FREE = -1            # a hash that no key has

cdef tuple KEYS = (
    datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal, complex
)
cdef str COLLIDE = "its keys collide: they are chosen to make dictionaries slow"
cdef object escape_decode = codecs.escape_decode


cdef class Budget:
    """How many more steps a file of `size` bytes may take; a step is a byte copied, or a member looked at."""

    cdef Py_ssize_t left

    def __init__(self, Py_ssize_t size):
        self.left = AT_LEAST + PER_BYTE * size

    cpdef int spend(self, Py_ssize_t steps) except -1:
        """Take steps; raise RefusedPickle when there are none left."""
        if steps < 0 or steps > self.left:
            raise RefusedPickle("it repeats itself: it would become far larger than the file is")
        self.left -= steps
        return 0

    def check_keys(self, keys):
        """Raise RefusedPickle unless a dict or set can be made of `keys`, in the time that it should take."""
        cdef dict hashes
        for key in keys:
            check_key(self, key, DEPTH)
        if len(keys) <= FEW:
            return
        hashes = {}
        for key in keys:
            if type(key) is not str and type(key) is not bytes:
                note_hash(hashes, hash(key))
        self.check_searches(keys)

    def check_searches(self, keys):
        """Raise RefusedPickle if a dict or set of `keys` would search for its keys too long."""
        cdef set seen = set()
        cdef Probes probes = Probes()
        for key in keys:
            if type(key) is not str and type(key) is not bytes:
                self.search(probes, hash(key), len(seen))
            seen.add(key)

    cdef int search(self, Probes probes, Py_hash_t value, size_t count) except -1:
        """Pay for the search of a key in a dict or set of `count` others."""
        cdef Py_ssize_t steps = probes.search(value, count)
        if steps > self.left:
            raise RefusedPickle(COLLIDE)
        self.left -= steps
        return 0


# The table of a dict or a set without its keys: where CPython looks for a hash, and then for the next place.
cdef struct Hashes:
    Py_hash_t *slots
    size_t size
    size_t neighbours  # of a place that are looked at before the next place is computed


cdef Py_ssize_t probe(Hashes *table, Py_hash_t value) noexcept nogil:
    """Add a hash unless it is there, and return how many slots were looked at."""
    cdef size_t mask = table.size - 1, place = <size_t>value & mask, rest = <size_t>value, i
    cdef Py_ssize_t steps = 0
    while True:
        for i in range(place, place + (table.neighbours if place + table.neighbours <= mask else 0) + 1):
            steps += 1
            if table.slots[i] == FREE or table.slots[i] == value:
                table.slots[i] = value
                return steps
        rest >>= 5
        place = (5 * place + rest + 1) & mask


cdef int resize(Hashes *table, size_t size) except -1:
    cdef Hashes old = table[0]
    cdef size_t i
    table.slots = <Py_hash_t *>malloc(size * sizeof(Py_hash_t))
    if table.slots is NULL:
        table.slots = old.slots
        raise MemoryError
    memset(table.slots, 0xFF, size * sizeof(Py_hash_t))  # all are FREE
    table.size = size
    for i in range(old.size):
        if old.slots[i] != FREE:
            probe(table, old.slots[i])
    free(old.slots)
    return 0


cdef class Probes:
    """How far a dict or a set has to search for a key, as far as its hash tells.

    Keys of different hashes can be made to meet, too, because the places where CPython looks follow from the hash:
    100,000 numbers whose searches end in one long chain took 200 times as long as others.
    """

    cdef Hashes as_dict, as_set

    def __cinit__(self):
        self.as_set.neighbours = 9  # LINEAR_PROBES
        resize(&self.as_dict, 8)
        resize(&self.as_set, 8)

    def __dealloc__(self):
        free(self.as_dict.slots)
        free(self.as_set.slots)

    cdef Py_ssize_t search(self, Py_hash_t value, size_t count) except -1:
        """Return how many slots a dict and a set of `count` keys look at for this hash, which is then among theirs."""
        cdef size_t size = self.as_dict.size, full
        while 2 * size // 3 <= count:
            size *= 2
        if size != self.as_dict.size:
            resize(&self.as_dict, size)
        size = self.as_set.size
        while (full := (3 * (size - 1) + 4) // 5) <= count:
            while size <= (2 if full > 50_000 else 4) * full:
                size *= 2
        if size != self.as_set.size:
            resize(&self.as_set, size)
        return probe(&self.as_dict, value) + probe(&self.as_set, value)


cdef int note_hash(dict hashes, object value) except -1:
    cdef Py_ssize_t shared = hashes.get(value, 0)
    if shared >= COLLISIONS:
        raise RefusedPickle(COLLIDE)
    hashes[value] = shared + 1
    return 0


cdef int check_key(Budget budget, object key, int depth) except -1:
    """Raise RefusedPickle unless `key` can be hashed and compared, within what is left of the budget."""
    cdef object kind = type(key)
    if kind is str:
        return budget.spend(1 + len(<str>key))
    if kind is bytes:
        return budget.spend(1 + len(<bytes>key))
    budget.spend(1)
    if key is None or kind is int or kind is float or kind is bool or kind in KEYS:
        return 0
    if kind is not tuple and kind is not frozenset:
        raise OddKey(f"it has a key of class {kind.__name__.strip('_')}")
    if depth == 0:
        raise RefusedPickle(f"it has a key of tuples that are nested more than {DEPTH} deep")
    for member in key:
        check_key(budget, member, depth - 1)
    return 0


cdef class Unpickler:
    """Reads one pickle.

    Args:
        data (bytes-like): it begins with the pickle, and may go on.
        find (callable): `find(module, name)` returns what stands for a name, or raises.
        callables (tuple of type): results of `find` of these types may be called, as `result(budget, *args)`.
        classes (type): results of `find` that are subclasses of this may be made, without arguments.
        nodes (tuple of type): objects of these have a `__setstate__` that takes any state.
        budget (Budget): what it may take.
    """

    cdef const unsigned char[::1] data
    cdef readonly Py_ssize_t at
    cdef Py_ssize_t size
    cdef list stack, marks, memo
    cdef Py_ssize_t fence  # where the stack began at the last mark
    cdef object find, callables, classes, nodes
    cdef Budget budget
    cdef dict large  # dicts and sets of many keys that are no text, by id: itself, how many share which hash, `Probes`

    def __init__(self, const unsigned char[::1] data, find, tuple callables, type classes, tuple nodes, Budget budget):
        self.data, self.at, self.size = data, 0, data.shape[0]
        self.stack, self.marks, self.memo, self.fence = [], [], [], 0
        self.find, self.callables, self.classes, self.nodes = find, callables, classes, nodes
        self.budget = budget
        self.large = {}

    # --- bytes ---

    cdef const unsigned char* take(self, uint64_t size) except NULL:
        """Return where the next `size` bytes begin, and go behind them."""
        if size > <uint64_t>(self.size - self.at):
            raise RefusedPickle("it is cut short")
        cdef Py_ssize_t begin = self.at
        self.at += <Py_ssize_t>size
        # A pointer behind the last byte is not NULL, and is not read when nothing is taken.
        return &self.data[0] + begin

    cdef uint64_t number(self, int width) except? 0xFFFFFFFFFFFFFFFF:
        """Return an unsigned number of 1 to 8 bytes, little-endian."""
        cdef const unsigned char* bytes_ = self.take(width)
        cdef uint64_t value = 0
        cdef int i
        for i in range(width):
            value |= <uint64_t>bytes_[i] << (8 * i)
        return value

    cdef bytes line(self):
        """Return the bytes up to the end of the line, without it."""
        cdef Py_ssize_t begin = self.at
        cdef const void* end = NULL
        if begin < self.size:
            end = memchr(&self.data[begin], 10, self.size - begin)
        if end == NULL:
            raise RefusedPickle("it is cut short")
        cdef Py_ssize_t length = <const unsigned char*>end - &self.data[begin]
        self.at = begin + length + 1
        return PyBytes_FromStringAndSize(<const char*>&self.data[begin], length)

    cdef bytes short_line(self):
        cdef bytes line = self.line()
        if len(line) > LONGEST_LINE:
            raise RefusedPickle(f"it has a number of {len(line)} digits")
        return line

    cdef bytes raw(self, int width):
        """Return bytes whose length comes first."""
        cdef uint64_t size = self.number(width)
        return PyBytes_FromStringAndSize(<const char*>self.take(size), size)

    cdef str text(self, int width):
        cdef uint64_t size = self.number(width)
        return PyUnicode_DecodeUTF8(<const char*>self.take(size), size, b"surrogatepass")

    cdef str latin(self, int width):
        """Return the text of a str of Python 2."""
        cdef uint64_t size = self.number(width)
        return PyUnicode_DecodeLatin1(<const char*>self.take(size), size, NULL)

    cdef object long(self, int width):
        cdef uint64_t size = self.number(width)
        if size > LONGEST_INT:
            raise RefusedPickle(f"it has a number of {size} bytes")
        return int.from_bytes(PyBytes_FromStringAndSize(<const char*>self.take(size), size), "little", signed=True)

    cdef double double(self) except? -1:
        """Return 8 bytes, big-endian, as the number that they are."""
        cdef const unsigned char* bytes_ = self.take(8)
        cdef uint64_t bits = 0
        cdef double value
        cdef int i
        for i in range(8):
            bits = bits << 8 | bytes_[i]
        memcpy(&value, &bits, 8)
        return value

    # --- stack and memo ---

    cdef object pop(self):
        if len(self.stack) <= self.fence:
            raise RefusedPickle("its stack is empty where it takes something from it")
        return self.stack.pop()

    cdef object top(self):
        if len(self.stack) <= self.fence:
            raise RefusedPickle("its stack is empty where it takes something from it")
        return self.stack[len(self.stack) - 1]

    cdef list pop_mark(self):
        """Return what lies on the stack above the last mark, and take it and the mark away."""
        if not self.marks:
            raise RefusedPickle("its stack has no mark where it returns to one")
        cdef Py_ssize_t begin = self.marks.pop()
        cdef list items = self.stack[begin:]
        del self.stack[begin:]
        self.fence = self.marks[len(self.marks) - 1] if self.marks else 0
        return items

    cdef int keep(self, uint64_t place) except -1:
        cdef object value = self.top()
        cdef Py_ssize_t length = len(self.memo)
        if place == <uint64_t>length:
            self.memo.append(value)
            return 0
        if place > <uint64_t>self.size:
            raise RefusedPickle(f"its memo index {place} is impossible in a pickle of {self.size} bytes")
        if place > <uint64_t>length:
            self.memo.extend([Unpickler] * (<Py_ssize_t>place - length + 1))  # the class: nothing is there yet
        self.memo[<Py_ssize_t>place] = value
        return 0

    cdef int recall(self, uint64_t place) except -1:
        cdef object value = self.memo[<Py_ssize_t>place] if place < <uint64_t>len(self.memo) else Unpickler
        if value is Unpickler:
            raise RefusedPickle(f"it has nothing at its memo index {place}")
        self.stack.append(value)
        return 0

    # --- containers ---

    cdef int append_all(self, list items) except -1:
        cdef object target = self.top()
        if type(target) is not list:
            raise RefusedPickle("it appends to what is no list")
        (<list>target).extend(items)
        return 0

    cdef int add_all(self, list items) except -1:
        cdef object target = self.top()
        if type(target) is not set:
            raise RefusedPickle("it adds to what is no set")
        cdef set members = <set>target
        for member in items:
            check_key(self.budget, member, DEPTH)
            if len(members) >= FEW and type(member) is not str:
                self.check_collision(members, member)
            members.add(member)
        return 0

    cdef int set_item(self, object target, object key, object value) except -1:
        cdef dict pairs = <dict>target
        if type(key) is str:
            self.budget.spend(1 + len(<str>key))
        else:
            check_key(self.budget, key, DEPTH)
            if len(pairs) >= FEW and type(key) is not bytes:
                self.check_collision(pairs, key)
        pairs[key] = value
        return 0

    cdef int check_collision(self, object container, object key) except -1:
        """Pay for the search of a key that is no text; raise RefusedPickle if too many others share its hash."""
        cdef object place = id(container), value = hash(key)
        if place not in self.large:  # the few keys that it has already are not counted
            self.large[place] = container, {}, Probes()
        _, hashes, probes = self.large[place]
        self.budget.search(probes, value, len(container))
        if key not in container:
            note_hash(hashes, value)
        return 0

    cdef int set_items(self, list items) except -1:
        cdef object target = self.top()
        cdef Py_ssize_t i
        if type(target) is not dict or len(items) % 2:
            raise RefusedPickle("it sets items of what is no dict")
        for i in range(0, len(items), 2):
            self.set_item(target, items[i], items[i + 1])
        return 0

    cdef object pairs(self, list items):
        cdef dict made = {}
        cdef Py_ssize_t i
        if len(items) % 2:
            raise RefusedPickle("it has a key without a value")
        for i in range(0, len(items), 2):
            self.set_item(made, items[i], items[i + 1])
        return made

    # --- objects ---

    cdef object make(self, object cls, object arguments):
        """Return an object of an inert class; nothing is called that a pickle may not call."""
        if type(arguments) is not tuple or len(<tuple>arguments) > MOST_ARGUMENTS:
            raise RefusedPickle("it makes an object of arguments that are no tuple, or too many")
        self.budget.spend(OBJECT)
        if isinstance(cls, self.callables):
            return cls(self.budget, *arguments)
        if isinstance(cls, type) and issubclass(cls, self.classes) and not arguments:
            return cls()
        raise RefusedPickle("it calls what cannot be called, or with other arguments than expected")

    cdef int build(self) except -1:
        cdef object state = self.pop()
        cdef object target = self.top()
        if not isinstance(target, self.nodes):
            raise RefusedPickle("it changes the state of what has none")
        target.__setstate__(state)
        return 0

    cdef object globally(self, bytes module, bytes name):
        return self.find(module.decode(), name.decode())

    def load(self):
        """Return the object that the pickle describes.

        Raises:
            RefusedPickle: it is damaged, or asks for what it may not have.
        """
        cdef const unsigned char[::1] data = self.data
        cdef list stack = self.stack
        cdef int opcode
        cdef object value
        while True:
            if self.at >= self.size:
                raise RefusedPickle("it is cut short")
            opcode = data[self.at]
            self.at += 1
            # What is most frequent in large files.
            if opcode == b"h":  # BINGET
                self.recall(self.number(1))
            elif opcode == b"j":  # LONG_BINGET
                self.recall(self.number(4))
            elif opcode == b"q":  # BINPUT
                self.keep(self.number(1))
            elif opcode == b"r":  # LONG_BINPUT
                self.keep(self.number(4))
            elif opcode == 0x94:  # MEMOIZE
                self.keep(len(self.memo))
            elif opcode == 0x8C:  # SHORT_BINUNICODE
                stack.append(self.text(1))
            elif opcode == b"X":  # BINUNICODE
                stack.append(self.text(4))
            elif opcode == b"K":  # BININT1
                stack.append(self.number(1))
            elif opcode == b"M":  # BININT2
                stack.append(self.number(2))
            elif opcode == b"J":  # BININT
                stack.append(<int32_t>self.number(4))
            elif opcode == b"G":  # BINFLOAT
                stack.append(self.double())
            elif opcode == b"(":  # MARK
                self.fence = len(stack)
                self.marks.append(self.fence)
            elif opcode == b"t":  # TUPLE
                value = tuple(self.pop_mark())
                stack.append(value)
            elif opcode == 0x85 or opcode == 0x86 or opcode == 0x87:  # TUPLE1 to TUPLE3
                if len(stack) - self.fence < opcode - 0x84:
                    raise RefusedPickle("its stack is empty where it takes something from it")
                value = tuple(stack[len(stack) - (opcode - 0x84):])
                del stack[len(stack) - (opcode - 0x84):]
                stack.append(value)
            elif opcode == b"N":
                stack.append(None)
            elif opcode == 0x88 or opcode == 0x89:  # NEWTRUE, NEWFALSE
                stack.append(opcode == 0x88)
            elif opcode == b"]":  # EMPTY_LIST
                stack.append([])
            elif opcode == b"}":  # EMPTY_DICT
                stack.append({})
            elif opcode == b")":  # EMPTY_TUPLE
                stack.append(())
            elif opcode == b"s":  # SETITEM
                value = self.pop()
                self.set_items([self.pop(), value])
            elif opcode == b"u":  # SETITEMS
                self.set_items(self.pop_mark())
            elif opcode == b"a":  # APPEND
                self.append_all([self.pop()])
            elif opcode == b"e":  # APPENDS
                self.append_all(self.pop_mark())
            elif opcode == b"b":
                self.build()
            elif opcode == 0x81:  # NEWOBJ
                value = self.pop()
                stack.append(self.make(self.pop(), value))
            elif opcode == b"R":  # REDUCE
                value = self.pop()
                stack.append(self.make(self.pop(), value))
            elif opcode == b"C":  # SHORT_BINBYTES
                stack.append(self.raw(1))
            elif opcode == b"B":  # BINBYTES
                stack.append(self.raw(4))
            elif opcode == b"c":  # GLOBAL
                value = self.line()
                stack.append(self.globally(value, self.line()))
            elif opcode == b".":  # STOP
                return self.pop()
            else:
                self.do_rare(opcode)

    cdef int do_rare(self, int opcode) except -1:
        """Do what old protocols wrote, and new ones write a few times in a file."""
        cdef list stack = self.stack
        cdef object value
        cdef list items
        cdef uint64_t size
        if opcode == 0x80:  # PROTO
            if self.number(1) > 5:
                raise RefusedPickle("it is of a newer protocol than 5")
        elif opcode == 0x95:  # FRAME
            if self.number(8) > <uint64_t>(self.size - self.at):
                raise RefusedPickle("it is cut short")
        elif opcode == 0x93:  # STACK_GLOBAL
            name, module = self.pop(), self.pop()
            if type(name) is not str or type(module) is not str:
                raise RefusedPickle("it asks for a name that is no text")
            stack.append(self.find(module, name))
        elif opcode == 0x8D:  # BINUNICODE8
            stack.append(self.text(8))
        elif opcode == 0x8E:  # BINBYTES8
            stack.append(self.raw(8))
        elif opcode == 0x96:  # BYTEARRAY8
            size = self.number(8)
            stack.append(PyByteArray_FromStringAndSize(<const char*>self.take(size), size))
        elif opcode == b"U":  # SHORT_BINSTRING
            stack.append(self.latin(1))
        elif opcode == b"T":  # BINSTRING
            stack.append(self.latin(4))
        elif opcode == 0x8A:  # LONG1
            stack.append(self.long(1))
        elif opcode == 0x8B:  # LONG4
            stack.append(self.long(4))
        elif opcode == b"l":  # LIST
            value = self.pop_mark()
            stack.append(value)
        elif opcode == b"d":  # DICT
            value = self.pairs(self.pop_mark())
            stack.append(value)
        elif opcode == 0x8F:  # EMPTY_SET
            self.budget.spend(SET)
            stack.append(set())
        elif opcode == 0x90:  # ADDITEMS
            self.add_all(self.pop_mark())
        elif opcode == 0x91:  # FROZENSET
            items = self.pop_mark()
            self.budget.spend(SET)
            self.budget.check_keys(items)
            stack.append(frozenset(items))
        elif opcode == b"0":  # POP, also of a mark
            if self.marks and len(stack) == self.fence:
                self.pop_mark()
            else:
                self.pop()
        elif opcode == b"1":  # POP_MARK
            self.pop_mark()
        elif opcode == b"2":  # DUP
            stack.append(self.top())
        elif opcode == 0x92:  # NEWOBJ_EX
            value, arguments = self.pop(), self.pop()
            if value != {} if type(value) is dict else True:
                raise RefusedPickle("it makes an object with named arguments")
            stack.append(self.make(self.pop(), arguments))
        elif opcode == b"i":  # INST
            value = self.line()
            value = self.globally(value, self.line())
            value = self.make(value, tuple(self.pop_mark()))
            stack.append(value)
        elif opcode == b"o":  # OBJ
            items = self.pop_mark()
            if not items:
                raise RefusedPickle("it makes an object of no class")
            stack.append(self.make(items[0], tuple(items[1:])))
        elif opcode == b"P" or opcode == b"Q":
            raise RefusedPickle("it has a persistent id, which only the program that wrote it can follow")
        elif opcode == 0x82 or opcode == 0x83 or opcode == 0x84:
            raise RefusedPickle("it uses the registry of extension codes")
        elif opcode == 0x97 or opcode == 0x98:
            raise RefusedPickle("it keeps buffers outside of the file")
        else:
            self.do_text(opcode)
        return 0

    cdef int do_text(self, int opcode) except -1:
        """Do the opcodes of protocol 0, whose arguments are lines of text."""
        cdef list stack = self.stack
        cdef bytes line
        if opcode == b"I":  # INT
            line = self.short_line()
            stack.append(line == b"01" if line in (b"00", b"01") else int(line))
        elif opcode == b"L":  # LONG
            stack.append(int(self.short_line().removesuffix(b"L")))
        elif opcode == b"F":  # FLOAT
            stack.append(float(self.short_line()))
        elif opcode == b"S":  # STRING
            line = self.line()
            if len(line) < 2 or line[:1] != line[len(line) - 1:] or line[:1] not in (b"'", b'"'):
                raise RefusedPickle("it has a text without quotation marks")
            stack.append(escape_decode(line[1:len(line) - 1])[0].decode("latin1"))
        elif opcode == b"V":  # UNICODE
            stack.append(self.line().decode("raw-unicode-escape"))
        elif opcode == b"g" or opcode == b"p":  # GET, PUT
            place = int(self.short_line())
            if place < 0 or place > self.size:
                raise RefusedPickle(f"its memo index is impossible in a pickle of {self.size} bytes")
            if opcode == b"g":
                self.recall(place)
            else:
                self.keep(place)
        else:
            raise RefusedPickle(f"byte {self.at - 1} is not a pickle opcode")
        return 0

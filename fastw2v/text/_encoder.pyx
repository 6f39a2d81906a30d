"""Text to ids: lists of tokens with the GIL, bytes of files without it.

A *provisional* id numbers a distinct token in the order in which tokens were first seen; `renumber` turns such ids into
rows of the vocabulary once that is decided.
"""

from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from cpython.unicode cimport PyUnicode_AsEncodedString, PyUnicode_DecodeUTF8
from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

import sys

import numpy as np

from fastw2v.text.tables import Taker, plain_word, refuse_unhashable


cdef extern from "Python.h":
    """
    #define MIX UINT64_C(0x9E3779B97F4A7C15)  /* 2**64 / golden ratio, odd */
    #define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))
    /* Of 8 bytes in x, as loaded from memory: */
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    #define FIRST_BYTES(x, n) ((n) ? (x) >> (64 - 8 * (n)) << 8 : 0)  /* the first n < 8, the low byte 0 */
    #define LAST_BYTES(x, n) FIRST_BYTES((x) << (64 - 8 * (n)), n)    /* the last n < 8, in the same order */
    #else
    #define FIRST_BYTES(x, n) ((n) ? (x) << (64 - 8 * (n)) : 0)
    #define LAST_BYTES(x, n) FIRST_BYTES((x) >> (64 - 8 * (n)), n)
    #endif
    #if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    #define FIRST_MARKED(x) (__builtin_ctzll(x) >> 3)  /* the first with a bit set, x != 0 */
    #else
    #define FIRST_MARKED(x) 0  /* or an earlier one: the bytes between are checked again */
    #endif
    #ifdef Py_GIL_DISABLED
    #define FREE_THREADED 1
    #else
    #define FREE_THREADED 0
    #endif
    /* Returns a new reference: another thread may take it out of the dict. NULL without an error: it is not there. */
    static PyObject *item_of(PyObject *dict, PyObject *key) {
    #ifdef Py_GIL_DISABLED
        PyObject *item;
        PyDict_GetItemRef(dict, key, &item);
        return item;
    #else
        PyObject *item = PyDict_GetItemWithError(dict, key);
        Py_XINCREF(item);
        return item;
    #endif
    }
    """
    const Py_ssize_t PY_SSIZE_T_MAX
    const uint64_t MIX
    uint64_t each_byte "EACH_BYTE"(uint64_t b) noexcept nogil
    uint64_t first_bytes "FIRST_BYTES"(uint64_t x, size_t n) noexcept nogil
    uint64_t last_bytes "LAST_BYTES"(uint64_t x, size_t n) noexcept nogil
    int first_marked "FIRST_MARKED"(uint64_t x) noexcept nogil
    const bint FREE_THREADED
    PyObject *item_of(dict, PyObject *key) except? NULL
    # These take and give borrowed references; Cython's own declarations would count them.
    bint is_str "PyUnicode_CheckExact"(PyObject *token) noexcept
    bint is_int "PyLong_CheckExact"(PyObject *token) noexcept
    long long PyLong_AsLongLongAndOverflow(PyObject *token, int *overflow) except? -1
    PyObject *PyList_GetItem(object sentence, Py_ssize_t i) except NULL
    PyObject *PyTuple_GetItem(object sentence, Py_ssize_t i) except NULL


cdef extern from "str_bytes.h":
    const bint STR_LAYOUT_IS_KNOWN
    bint str_is_compact(PyObject *token) noexcept
    bint str_is_ascii(PyObject *token) noexcept
    int str_kind(PyObject *token) noexcept
    Py_ssize_t str_length(PyObject *token) noexcept
    const void *str_data(PyObject *token) noexcept


cdef extern from "compiler.h" nogil:
    void prefetch "fastw2v_prefetch"(const void *address)


cdef enum:
    AHEAD = 64                   # words looked up together so that their cache misses overlap
    WORDS_PER_SIGNAL_CHECK = 1 << 16
    IDS_PER_SIGNAL_CHECK = 1 << 24
    FEW_WORDS = 4                # a text of so many times fewer words than the vocabulary is short
    FIRST_ROOM = 64              # bytes of a growing array
    FIRST_SLOTS = 1 << 10        # of a hash table


# --- growing arrays ---

cdef struct Buffer:
    char *data
    Py_ssize_t used, room  # bytes


cdef char *reserve(Buffer *buffer, Py_ssize_t more) except NULL nogil:
    """Make room for `more` bytes and return where they go; the caller adds what it wrote to `used`."""
    cdef Py_ssize_t room
    cdef char *grown
    if buffer.room - buffer.used < more or buffer.data is NULL:
        room = max(2 * buffer.room, buffer.used + more, <Py_ssize_t>FIRST_ROOM)
        grown = <char *>realloc(buffer.data, room)
        if grown is NULL:
            with gil:
                raise MemoryError
        buffer.data = grown
        buffer.room = room
    return buffer.data + buffer.used


cdef int append(Buffer *buffer, int64_t number) except -1 nogil:
    (<int64_t *>reserve(buffer, sizeof(int64_t)))[0] = number
    buffer.used += sizeof(int64_t)
    return 0


cdef object as_array(const Buffer *buffer, dtype):
    """Return a copy as a numpy array."""
    array = np.empty(buffer.used // np.dtype(dtype).itemsize, dtype)
    cdef char[::1] out = array.view(np.int8)
    if buffer.used:
        memcpy(&out[0], buffer.data, buffer.used)
    return array


cdef object take(Buffer *buffer, dtype):
    """Return the numbers as a numpy array and empty the buffer."""
    array = as_array(buffer, dtype)
    buffer.used = 0
    return array


# --- hash table: open addressing, linear probing ---

cdef struct Slot:
    uint64_t head    # usually enough to distinguish two keys without reading them
    uint32_t hash
    int32_t id       # -1: free

cdef struct Table:
    Slot *slots
    size_t mask      # number of slots, a power of two, minus 1
    size_t used


cdef int resize(Table *table, size_t size) except -1 nogil:
    cdef Slot *old = table.slots
    cdef size_t i, old_size = table.mask + 1 if old is not NULL else 0
    cdef Slot *slots = <Slot *>malloc(size * sizeof(Slot))
    if slots is NULL:
        with gil:
            raise MemoryError
    memset(slots, 0xFF, size * sizeof(Slot))  # every id is -1
    table.slots = slots
    table.mask = size - 1
    for i in range(old_size):
        if old[i].id >= 0:
            free_slot(table, old[i].hash)[0] = old[i]
    free(old)
    return 0


cdef inline Slot *free_slot(Table *table, uint32_t hash) noexcept nogil:
    cdef size_t place = hash & table.mask
    while table.slots[place].id >= 0:
        place = (place + 1) & table.mask
    return &table.slots[place]


cdef int insert(Table *table, Slot slot) except -1 nogil:
    """Add a key that is not in the table; at most half of the slots are used, so that searches stay short."""
    if slot.id == INT32_MAX:
        with gil:
            raise OverflowError("the text has more than 2**31 - 1 distinct words")
    if 2 * table.used > table.mask:
        resize(table, 2 * (table.mask + 1))
    free_slot(table, slot.hash)[0] = slot
    table.used += 1
    return 0


# --- words: runs of bytes ---

cdef union Bytes:
    const uint8_t *address   # of a word that was read: its bytes are in a text or a token
    size_t offset            # of a word in a `WordSet`: its copy is in the set's `bytes`

cdef struct Word:
    Bytes bytes          # where they are
    size_t length        # bytes
    uint64_t head        # the first 7 bytes, and length and kind in the lowest one: all of a short word
    uint64_t tail        # the last 8 bytes of a word of 8 or more, otherwise 0
    uint32_t hash
    int64_t first        # where it was first seen: offset in the whole text

cdef enum:
    UTF8 = 0                     # kinds of words; UTF-8 and the others do not meet in one set
    UCS1 = 0
    UCS2 = 1
    UCS4 = 2
    INTEGER = 3
    LENGTH_BITS = 6              # of a head, below those of the kind
    LONGEST_TOLD = 63            # the length in the head of words of so many bytes or more
    IN_HEAD = 7                  # bytes of the longest word that is completely in its head
    IN_HEAD_AND_TAIL = 15        # bytes of the longest word that is completely in head and tail


cdef inline uint64_t load(const uint8_t *p) noexcept nogil:
    cdef uint64_t x
    memcpy(&x, p, 8)
    return x


cdef inline Word word_of(const uint8_t *bytes, size_t length, uint64_t first, uint64_t kind) noexcept nogil:
    """Return the word of these bytes; `first` has up to 7 of them in the order of FIRST_BYTES."""
    cdef Word word
    cdef uint64_t hash
    cdef size_t i
    word.bytes.address = bytes
    word.length = length
    word.first = 0
    word.head = first | kind << LENGTH_BITS | min(length, <size_t>LONGEST_TOLD)
    word.tail = load(bytes + length - 8) if length >= 8 else 0
    hash = word.head ^ word.tail * MIX
    for i in range(IN_HEAD, max(length, <size_t>IN_HEAD_AND_TAIL) - 8, 8):
        hash = (hash ^ load(bytes + i)) * MIX
    hash = (hash ^ hash >> 32) * MIX
    word.hash = <uint32_t>((hash ^ hash >> 29) * MIX >> 32)
    return word


cdef class WordSet:
    """Distinct words, numbered in the order in which they were first seen."""

    cdef Table table
    cdef Buffer bytes, words               # of all words, one after another; Word

    def __cinit__(self):
        resize(&self.table, FIRST_SLOTS)

    def __dealloc__(self):
        free(self.table.slots)
        free(self.bytes.data)
        free(self.words.data)

    def __len__(self):
        return self.table.used

    cdef inline void prefetch_words(self, const Word *words, Py_ssize_t n) noexcept nogil:
        """Prefetch what comparing the long ones of these words will read."""
        cdef Py_ssize_t i
        cdef Slot *slot
        for i in range(n):
            slot = &self.table.slots[words[i].hash & self.table.mask]
            if words[i].length > IN_HEAD and slot.head == words[i].head:
                prefetch(<Word *>self.words.data + slot.id)

    cdef inline int32_t find(self, const Word *word) noexcept nogil:
        """Return the number of a word; -1 if it is not in the set."""
        cdef size_t place = word.hash & self.table.mask
        cdef Slot *slot = &self.table.slots[place]
        cdef const Word *known
        while slot.id >= 0:
            if slot.head == word.head and slot.hash == word.hash:
                if word.length <= IN_HEAD:
                    return slot.id
                known = <Word *>self.words.data + slot.id
                if known.length == word.length and known.tail == word.tail and (
                    word.length <= IN_HEAD_AND_TAIL
                    or not memcmp(self.bytes.data + known.bytes.offset, word.bytes.address, word.length)
                ):
                    return slot.id
            place = (place + 1) & self.table.mask
            slot = &self.table.slots[place]
        return -1

    cdef int32_t remember(self, const Word *word) except -1 nogil:
        """Add a word that is not in the set, with a copy of its bytes; return its number."""
        cdef Word *entry = <Word *>reserve(&self.words, sizeof(Word))
        cdef int32_t number = <int32_t>self.table.used
        memcpy(reserve(&self.bytes, word.length), word.bytes.address, word.length)
        insert(&self.table, Slot(head=word.head, hash=word.hash, id=number))
        entry[0] = word[0]
        entry.bytes.offset = self.bytes.used
        self.bytes.used += word.length
        self.words.used += sizeof(Word)
        return number


# --- rows ---

cdef dict settled(dict key_to_index):
    """Return a vocabulary that no other thread changes while its keys are read: that or, without a GIL, a copy."""
    return dict(key_to_index) if FREE_THREADED else key_to_index


def no_row(row):
    """Return the error for a vocabulary that leads to an impossible row."""
    return ValueError(
        f"wv.key_to_index leads to row {row}, expected 0 or more: add words with build_vocab(update=True)"
    )


# --- tokens: any hashable objects ---

cdef bint layout_is_as_known():
    """Return whether what `str_bytes.h` reads of some words is what Python says of them."""
    cdef PyObject *token
    order = "le" if sys.byteorder == "little" else "be"
    codecs = {1: "latin-1", 2: f"utf-16-{order}", 4: f"utf-32-{order}"}
    for text in ("", "a", "potato soup", "\x80", "caf\xe9", "\u03b1\u03b2", "a\ud800", "\U0001d11e a"):
        for word in (text, "".join(list(text))):
            token = <PyObject *>word
            widest = ord(max(word, default="a"))
            kind = 1 if widest < 0x100 else 2 if widest < 0x10000 else 4
            if not (
                str_is_compact(token)
                and str_kind(token) == kind
                and str_length(token) == len(word)
                and str_is_ascii(token) == word.isascii()
                and (<const char *>str_data(token))[: kind * len(word)] == word.encode(codecs[kind], "surrogatepass")
            ):
                return False
    return True


cdef bint in_place = STR_LAYOUT_IS_KNOWN and layout_is_as_known()  # read where they are, else encoded


def read_in_place(bint yes):
    """Let tokens be read where they are, if they can be, or encoded first, as in a Python that is not known yet."""
    global in_place
    in_place = yes and STR_LAYOUT_IS_KNOWN and layout_is_as_known()
    return in_place


cdef inline bint is_ascii(PyObject *token) noexcept:
    """Return whether an object is known to be a str of ASCII, which can be read where it is."""
    return in_place and is_str(token) and str_is_compact(token) and str_is_ascii(token)


cdef inline bint read_token(PyObject *token, Word *word, int64_t *value, list held) except -1:
    """Read a token as a word; return False if it is neither a str nor an int of up to 64 bits.

    Subclasses of str and int return False: they may be equal to other objects. An int's bytes go to `value`, and `held`
    keeps alive what a str was encoded to.
    """
    cdef const uint8_t *bytes
    cdef uint64_t first
    cdef size_t length
    cdef int kind = 1, overflow = 0
    if is_str(token):
        if not in_place:
            encoded = PyUnicode_AsEncodedString(<object>token, "utf8", "surrogatepass")
            held.append(encoded)
            bytes, length = <const uint8_t *><const char *>encoded, len(encoded)
        elif str_is_compact(token):
            bytes = <const uint8_t *>str_data(token)
            kind = str_kind(token)
            length = str_length(token) * kind
        else:
            return False
        # The bytes follow the other fields of the object, so memory before them may be read, too.
        first = first_bytes(load(bytes), 7) if length >= 7 else last_bytes(load(bytes + length - 8), length)
        word[0] = word_of(bytes, length, first, kind >> 1)  # 1, 2, 4 bytes: UCS1, UCS2, UCS4
        return True
    if is_int(token):
        value[0] = PyLong_AsLongLongAndOverflow(token, &overflow)
        bytes = <const uint8_t *>value
        word[0] = word_of(bytes, sizeof(int64_t), first_bytes(load(bytes), 7), INTEGER)
        return not overflow
    return False


cdef class TokenReader:
    """Reads sentences from an iterator and replaces their tokens by ids."""

    cdef object sentences
    cdef bint learn, store                  # give unknown tokens the next id, and count; keep the ids
    cdef WordSet words                      # the tokens that `read_token` can read, by their bytes
    cdef Buffer word_ids                    # int32: the ids of these words
    cdef list tokens, held                  # held: what the words being read point to, if not to the tokens
    cdef dict by_token                      # ids of all tokens; None while all were words, which are in `words`
    cdef object taker                       # takes sentences that are no lists, and warns of mistakes
    cdef Buffer ids, ends, sizes, counts
    cdef Py_ssize_t unchecked               # words since the last check for signals
    cdef readonly Py_ssize_t sentence_count, total_words

    def __cinit__(self, *args, **kwargs):
        self.tokens = []
        self.held = []
        self.words = WordSet()
        self.taker = Taker()

    def __dealloc__(self):
        free(self.word_ids.data)
        free(self.ids.data)
        free(self.ends.data)
        free(self.sizes.data)
        free(self.counts.data)

    cdef Py_ssize_t pull(self, Py_ssize_t max_words, Py_ssize_t max_sentences) except -1:
        """Read sentences until they have `max_words` words or are `max_sentences`; return how many were read."""
        cdef Py_ssize_t before = self.sentence_count, words_before = self.total_words
        for sentence in self.sentences:
            self.add(self.words_of(sentence))
            if (
                self.total_words - words_before >= max_words
                or self.sentence_count - before >= max_sentences
            ):
                break
        return self.sentence_count - before

    cdef object words_of(self, object sentence):
        """Return a sentence as a list or tuple that cannot change while it is read."""
        if type(sentence) is list and not FREE_THREADED and self.by_token is None:
            return sentence  # no code of the user will run meanwhile
        if type(sentence) is list or type(sentence) is tuple:
            return tuple(sentence)
        return self.taker.words_of(sentence, self.sentence_count)

    cdef int add(self, object sentence) except -1:
        """Encode one sentence, a list or tuple."""
        cdef Py_ssize_t start = 0, size = len(sentence), more, i
        cdef bint changeable = type(sentence) is list
        cdef Word[AHEAD] words
        cdef int64_t[AHEAD] values
        cdef PyObject *items[AHEAD]
        try:
            while start < size:
                more = min(AHEAD, size - start)
                for i in range(more):
                    items[i] = (
                        PyList_GetItem(sentence, start + i) if changeable else PyTuple_GetItem(sentence, start + i)
                    )
                    prefetch(items[i])
                reserve(&self.ids, more * sizeof(int32_t))
                if self.read_all(items, more, words, values):
                    self.words.prefetch_words(words, more)
                    for i in range(more):
                        self.put(self.id_of_word(&words[i], items[i]))
                elif changeable:
                    sentence = tuple(sentence)  # hashing and comparing may run code of the user
                    changeable = False
                    continue
                else:
                    for i in range(more):
                        self.put(self.id_of_any(items[i]))
                start += more
                self.unchecked += more
                if self.unchecked >= WORDS_PER_SIGNAL_CHECK:
                    self.unchecked = 0
                    PyErr_CheckSignals()
        except TypeError as error:
            refuse_unhashable(sentence[start : start + AHEAD], self.sentence_count, error)
            raise
        if self.store:
            append(&self.ends, self.ids.used // sizeof(int32_t))
            append(&self.sizes, start)
        else:
            self.ids.used = 0
        self.total_words += start
        self.sentence_count += 1
        return 0

    cdef inline void put(self, int32_t number) noexcept:
        """Append an id and count it; there must be room."""
        (<int32_t *>(self.ids.data + self.ids.used))[0] = number
        self.ids.used += sizeof(int32_t) * (number >= 0)
        if self.learn:
            (<int64_t *>self.counts.data)[number] += 1

    cdef bint read_all(self, PyObject **items, Py_ssize_t n, Word *words, int64_t *values) except -1:
        """Read tokens as words, in sweeps so that cache misses overlap; return False if one cannot be read."""
        cdef Py_ssize_t i
        if not in_place:
            self.held.clear()
        for i in range(n):
            if not read_token(items[i], &words[i], &values[i], self.held):
                return False
            prefetch(&self.words.table.slots[words[i].hash & self.words.table.mask])
        return True

    cdef inline int32_t id_of_word(self, const Word *word, PyObject *token) except -2:
        """Return the id of a token that is this word; an unknown one gets the next id if `learn`, else -1."""
        cdef int32_t number = self.words.find(word)
        if number >= 0:
            return (<int32_t *>self.word_ids.data)[number]
        number = -1 if self.by_token is None else self.known_id(token)
        if number < 0:
            if not self.learn:
                return -1
            number = self.next_id(token)
        self.remember(word, number)
        return number

    cdef int32_t known_id(self, PyObject *token) except -2:
        """Return the id of a token in `by_token`; -1 if it is not there."""
        cdef PyObject *found = item_of(self.by_token, token)
        cdef int64_t number
        if found is NULL:
            return -1
        row = <object>found
        Py_DECREF(row)
        number = row
        if not 0 <= number <= INT32_MAX:
            raise no_row(number)
        return <int32_t>number

    cdef int32_t id_of_any(self, PyObject *token) except -2:
        """Return the id of a token of any kind, as `id_of_word` does."""
        cdef Word word
        cdef int64_t value
        cdef int32_t number
        cdef object plain
        if read_token(token, &word, &value, self.held):
            return self.id_of_word(&word, token)
        plain = plain_word(<object>token)
        token = <PyObject *>plain
        if read_token(token, &word, &value, self.held):
            return self.id_of_word(&word, token)
        if self.by_token is None:  # all tokens so far are words, which equal nothing else
            self.by_token = dict(zip(self.tokens, as_array(&self.word_ids, np.int32).tolist()))
        number = self.known_id(token)
        if number < 0 and self.learn:
            self.taker.warn_of_missing(plain, self.sentence_count)
            number = self.next_id(token)
        return number

    cdef int32_t next_id(self, PyObject *token) except -1:
        """Add a new token; return its id."""
        cdef Py_ssize_t number = len(self.tokens)
        if number == INT32_MAX:
            raise OverflowError("the text has more than 2**31 - 1 distinct words")
        append(&self.counts, 0)
        self.tokens.append(<object>token)
        if self.by_token is not None:
            self.by_token[<object>token] = number
        return <int32_t>number

    cdef int remember(self, const Word *word, int32_t number) except -1:
        self.words.remember(word)
        (<int32_t *>reserve(&self.word_ids, sizeof(int32_t)))[0] = number
        self.word_ids.used += sizeof(int32_t)
        return 0


cdef class SentenceCounter(TokenReader):
    """Counts the tokens of `sentences`; with `encode` it also keeps their provisional ids.

    Without `learn` they are looked up in a vocabulary afterwards, and nothing is said of strange ones.
    """

    def __init__(self, sentences, *, bint encode=True, bint learn=True):
        self.sentences = iter(sentences)
        self.taker = Taker(learns=learn)
        self.learn = True
        self.store = encode

    def __len__(self):
        # the number of distinct tokens so far
        return len(self.tokens)

    def read(self, Py_ssize_t max_words, Py_ssize_t max_sentences):
        """Count sentences until they have `max_words` words or are `max_sentences`; return how many were read."""
        return self.pull(max_words, max_sentences)

    def take(self):
        """Return the ids read since the last call, int32; they are not kept."""
        self.ends.used = 0
        return take(&self.ids, np.int32)

    def lengths(self):
        """Return the number of words of each sentence, int64; empty without `encode`."""
        return as_array(&self.sizes, np.int64)

    def vocabulary(self):
        """Return `(tokens list, counts int64)` in the order first seen; do not read any more afterwards."""
        return self.tokens, as_array(&self.counts, np.int64)


cdef class SentenceEncoder(TokenReader):
    """Encodes `sentences` piece by piece, without the tokens that `key_to_index` does not have.

    The first tokens are looked up in that dict one by one, so that a short text costs little, whatever the vocabulary.
    After `few` of them the whole vocabulary is taken over: to find a word in `words` takes a third of the time.
    """

    cdef dict key_to_index
    cdef Py_ssize_t few

    def __init__(self, sentences, dict key_to_index not None):
        self.sentences = iter(sentences)
        self.store = True
        self.key_to_index = self.by_token = key_to_index
        self.few = len(key_to_index) // FEW_WORDS

    cdef int take_over(self) except -1:
        """Take over the whole vocabulary."""
        cdef Word word
        cdef int64_t value
        cdef dict rows = settled(self.key_to_index)
        self.words = WordSet()
        self.word_ids.used = 0
        self.tokens = list(rows)
        self.by_token = None
        for key, number in rows.items():
            if number < 0:
                raise no_row(number)
            self.held.clear()
            if read_token(<PyObject *>key, &word, &value, self.held):
                self.remember(&word, number)
            else:
                self.by_token = self.key_to_index
        self.key_to_index = None
        return 0

    def read(self, Py_ssize_t max_words):
        """Encode whole sentences until they have at least `max_words` raw words.

        Return `(ids int32, ends int64, lengths int64)` as `EncodedCorpus` has them, or None at the end.
        """
        cdef Py_ssize_t before = self.total_words, count = 0
        if self.key_to_index is not None:
            if self.few:
                count = self.pull(min(max_words, self.few - self.total_words), PY_SSIZE_T_MAX)
            if self.total_words >= self.few:
                self.take_over()
        if self.key_to_index is None and (not count or self.total_words - before < max_words):
            count += self.pull(max_words - (self.total_words - before), PY_SSIZE_T_MAX)
        if not count:
            return None
        return take(&self.ids, np.int32), take(&self.ends, np.int64), take(&self.sizes, np.int64)


# --- bytes of UTF-8 text ---

cdef enum Kind:
    LETTER        # part of a word
    SPACE
    LINE_END
    MULTIBYTE     # starts a sequence of several bytes

cdef uint8_t[256] KIND
cdef int byte
for byte in range(256):
    KIND[byte] = LETTER
    if byte >= 0x80:
        KIND[byte] = MULTIBYTE
    elif chr(byte).isspace():
        KIND[byte] = LINE_END if byte == b"\n" else SPACE


cdef inline int sequence(const uint8_t *p, const uint8_t *end, uint32_t *point) noexcept nogil:
    """Return the length of the UTF-8 sequence at `p`, 0 if it is not valid before `end`; its code point in `point`."""
    if p[0] < 0xC2 or p[0] > 0xF4 or end - p < 2 + (p[0] >= 0xE0) + (p[0] >= 0xF0) or p[1] & 0xC0 != 0x80:
        return 0
    if p[0] < 0xE0:
        point[0] = (p[0] & 0x1F) << 6 | p[1] & 0x3F
        return 2
    if p[2] & 0xC0 != 0x80:
        return 0
    if p[0] < 0xF0:
        point[0] = (p[0] & 0xF) << 12 | (p[1] & 0x3F) << 6 | p[2] & 0x3F
        return 0 if point[0] < 0x800 or 0xD800 <= point[0] < 0xE000 else 3
    if p[3] & 0xC0 != 0x80:
        return 0
    point[0] = (p[0] & 7) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | p[3] & 0x3F
    return 0 if point[0] < 0x10000 or point[0] > 0x10FFFF else 4


cdef inline bint is_space(uint32_t point) noexcept nogil:
    """Return whether `str.split` splits at this code point, which is above 127."""
    if point < 0x1680:
        return point == 0x85 or point == 0xA0
    return (
        0x2000 <= point <= 0x200A
        or point == 0x1680
        or point == 0x2028
        or point == 0x2029
        or point == 0x202F
        or point == 0x205F
        or point == 0x3000
    )


cdef inline const uint8_t *skip_letters(const uint8_t *p, const uint8_t *end) noexcept nogil:
    """Return a place up to which all bytes are letters of ASCII; it may be too early."""
    cdef uint64_t x, marks
    while end - p >= 8:
        x = load(p)
        marks = (x - each_byte(0x21) | x) & each_byte(0x80)  # bytes up to the space, and bytes above ASCII
        if marks:
            return p + first_marked(marks)
        p += 8
    return p


cdef inline Word word_at(const uint8_t *begin, size_t length, Py_ssize_t left) noexcept nogil:
    """Return the word at `begin`, from where `left` bytes of the text may be read."""
    cdef uint64_t x = 0
    if left >= 8:
        x = load(begin)
    else:
        memcpy(&x, begin, left)
    return word_of(begin, length, first_bytes(x, min(length, <size_t>IN_HEAD)), UTF8)


cdef class WordTable(WordSet):
    """Counts the words of blocks of UTF-8 text and numbers them in the order in which they were first seen.

    Only one thread may use a table at a time; the tables of several threads are joined by `absorb`.
    """

    cdef Buffer counts                     # int64
    cdef Buffer ids, lines                 # of the block being read: int32; int64 words in each line

    def __dealloc__(self):
        free(self.counts.data)
        free(self.ids.data)
        free(self.lines.data)

    def encode(self, const uint8_t[::1] block not None, int64_t offset):
        """Count the words of a block, bytes or a view of bytes, that begins `offset` bytes into the text.

        Return `(ids int32, lines int64)`: this table's ids, and the number of words in each line. The first and the
        last entry of `lines` are for lines that may continue in the neighbouring blocks, also if they have no words;
        other blank lines are left out. A block without a line end has one entry.
        Raises UnicodeDecodeError unless the block is valid UTF-8.
        """
        cdef Py_ssize_t size = block.shape[0]
        cdef const uint8_t *text = &block[0] if size else NULL
        cdef bint valid
        self.ids.used = self.lines.used = 0
        with nogil:
            valid = self.read(text, size, offset)
        if not valid:
            bytes(block).decode("utf8")
        return take(&self.ids, np.int32), take(&self.lines, np.int64)

    cdef bint read(self, const uint8_t *text, Py_ssize_t size, int64_t offset) except -1 nogil:
        """Split the text into words and lines; return whether it is valid UTF-8."""
        cdef const uint8_t *p = text
        cdef const uint8_t *end = text + size
        cdef const uint8_t *begin
        cdef const uint8_t *stop = text
        cdef Word[AHEAD] ahead
        cdef int waiting = 0, kind = SPACE
        cdef int64_t words = 0
        cdef uint32_t point = 0
        while p < end:
            begin = p
            while True:
                p = skip_letters(p, end)
                if p == end:
                    break
                kind = KIND[p[0]]
                stop = p + 1
                if kind == MULTIBYTE:
                    stop = p + sequence(p, end, &point)
                    if stop == p:
                        return False
                    kind = SPACE if is_space(point) else LETTER
                if kind != LETTER:
                    break
                p = stop
            if p > begin:
                words += 1
                ahead[waiting] = word_at(begin, p - begin, end - begin)
                ahead[waiting].first = offset + (begin - text)
                prefetch(&self.table.slots[ahead[waiting].hash & self.table.mask])
                waiting += 1
                if waiting == AHEAD:
                    self.count(ahead, waiting)
                    waiting = 0
            if p < end:
                p = stop
                if kind == LINE_END:
                    if words or not self.lines.used:
                        append(&self.lines, words)
                    words = 0
        self.count(ahead, waiting)
        append(&self.lines, words)
        return True

    cdef int count(self, const Word *words, Py_ssize_t n) except -1 nogil:
        cdef int32_t *out = <int32_t *>reserve(&self.ids, n * sizeof(int32_t))
        cdef Py_ssize_t i
        self.prefetch_words(words, n)
        for i in range(n):
            out[i] = self.number_of(&words[i])
            (<int64_t *>self.counts.data)[out[i]] += 1
        self.ids.used += n * sizeof(int32_t)
        return 0

    cdef inline int32_t number_of(self, const Word *word) except -1 nogil:
        """Return the number of a word; a new word gets the next number and a count of 0."""
        cdef int32_t number = self.find(word)
        if number < 0:
            number = self.remember(word)
            append(&self.counts, 0)
        return number

    def absorb(self, WordTable other):
        """Add the words and counts of another table; return this table's ids of them, int32."""
        cdef Py_ssize_t i = 0, j, more, size = other.table.used
        cdef Word[AHEAD] words
        cdef const Word *theirs
        cdef Word *mine
        ids_array = np.empty(size, np.int32)
        cdef int32_t[::1] ids = ids_array
        with nogil:
            while i < size:
                more = min(AHEAD, size - i)
                for j in range(more):
                    theirs = <Word *>other.words.data + i + j
                    words[j] = theirs[0]
                    words[j].bytes.address = <const uint8_t *>other.bytes.data + theirs.bytes.offset
                    prefetch(&self.table.slots[words[j].hash & self.table.mask])
                self.prefetch_words(words, more)
                for j in range(more):
                    ids[i + j] = self.number_of(&words[j])
                    mine = <Word *>self.words.data + ids[i + j]
                    mine.first = min(mine.first, words[j].first)
                    (<int64_t *>self.counts.data)[ids[i + j]] += (<int64_t *>other.counts.data)[i + j]
                i += more
        return ids_array

    def totals(self):
        """Return `(counts int64, first int64)` by id; `first` is the offset where a word first occurs."""
        cdef Py_ssize_t i
        first_array = np.empty(len(self), np.int64)
        cdef int64_t[::1] first = first_array
        for i in range(first.shape[0]):
            first[i] = (<Word *>self.words.data)[i].first
        return as_array(&self.counts, np.int64), first_array

    def words_of(self, const int32_t[::1] ids):
        """Return the words of these ids, as str."""
        cdef Py_ssize_t i
        cdef Word *word
        cdef list words = []
        for i in range(ids.shape[0]):
            word = <Word *>self.words.data + ids[i]
            words.append(PyUnicode_DecodeUTF8(self.bytes.data + word.bytes.offset, word.length, NULL))
        return words

    def rows_in(self, dict key_to_index):
        """Return by id the row of each word in a vocabulary, int32; -1 for words that it does not have.

        It takes time in proportion to the vocabulary: for few words, look up those of `words_of`.
        """
        cdef Word[AHEAD] words
        cdef int32_t[AHEAD] rows
        cdef Py_ssize_t waiting = 0, size
        cdef const uint8_t *bytes
        cdef object encoded
        cdef list held = []  # keeps alive the bytes of words that are not those of their keys
        rows_array = np.full(len(self), -1, np.int32)
        cdef int32_t[::1] found = rows_array
        for key, row in settled(key_to_index).items():
            if is_ascii(<PyObject *>key):  # its bytes are UTF-8 already
                bytes = <const uint8_t *>str_data(<PyObject *>key)
                size = str_length(<PyObject *>key)
            elif isinstance(key, str):
                # A key with a surrogate equals no word: UTF-8 has none.
                encoded = str.encode(key, "utf8", "surrogatepass")
                held.append(encoded)
                bytes, size = encoded, len(encoded)
            else:
                continue
            if row < 0:
                raise no_row(row)
            words[waiting] = word_at(bytes, size, size)
            rows[waiting] = row
            prefetch(&self.table.slots[words[waiting].hash & self.table.mask])
            waiting += 1
            if waiting == AHEAD:
                self.put_rows(words, rows, waiting, found)
                waiting = 0
                held.clear()
        self.put_rows(words, rows, waiting, found)
        return rows_array

    cdef void put_rows(self, const Word *words, const int32_t *rows, Py_ssize_t n, int32_t[::1] found) noexcept:
        cdef Py_ssize_t i
        cdef int32_t number
        self.prefetch_words(words, n)
        for i in range(n):
            number = self.find(&words[i])
            if number >= 0:
                found[number] = rows[i]


# --- encoded text ---

def renumber(int32_t[::1] ids, int64_t[::1] ends, list parts):
    """Replace ids in place, drop those that become -1, and adjust `ends`; return the number of ids left.

    `parts` are pairs `(new_ids int32, size)`: the next `size` ids become `new_ids[id]`. The ids that are left are the
    first ones of `ids`.
    """
    cdef Py_ssize_t sentence = 0, i = 0, kept = 0, end, stop
    cdef const int32_t[::1] new_ids
    cdef int32_t number
    for part, size in parts:
        new_ids, end = part, i + size
        with nogil:
            while i < end:
                while sentence < ends.shape[0] and ends[sentence] == i:
                    ends[sentence] = kept
                    sentence += 1
                stop = min(end, i + IDS_PER_SIGNAL_CHECK)
                if sentence < ends.shape[0]:
                    stop = min(stop, ends[sentence])
                while i < stop:
                    number = new_ids[ids[i]]
                    ids[kept] = number
                    kept += number >= 0
                    i += 1
                if i % IDS_PER_SIGNAL_CHECK == 0:
                    with gil:
                        PyErr_CheckSignals()
    for sentence in range(sentence, ends.shape[0]):
        ends[sentence] = kept
    return kept


def pack_jobs(const int64_t[::1] lengths, Py_ssize_t batch_words):
    """Group sentences into jobs of at most `batch_words` raw words; return the jobs' bounds, int64.

    Job j has the sentences bounds[j]:bounds[j + 1]. A sentence is added to the current job if it fits; otherwise it
    starts the next job, however long it is. As in gensim, an empty job precedes a first sentence that does not fit;
    it still draws random numbers.
    """
    cdef Py_ssize_t sentence
    cdef int64_t words = 0
    cdef Buffer bounds = Buffer(NULL, 0, 0)
    try:
        append(&bounds, 0)
        for sentence in range(lengths.shape[0]):
            words += lengths[sentence]
            if words > batch_words:
                append(&bounds, sentence)
                words = lengths[sentence]
        if lengths.shape[0]:
            append(&bounds, lengths.shape[0])
        return as_array(&bounds, np.int64)
    finally:
        free(bounds.data)

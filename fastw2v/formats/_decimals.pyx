"""Rows of vectors as word2vec's text and binary: numbers to bytes and back, without Python objects.

Decimals are printed by Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020): the shortest that read
back to the same float32, and of several the nearest. They are read to the nearest double: in one operation if both
operands are exact doubles (W. Clinger, "How to read floating point numbers accurately", 1990); otherwise from 64 bits
of the power of ten, which almost always suffice (D. Lemire, "Number parsing at a gigabyte per second", 2021); otherwise
by Python.

A double that becomes a narrower type must not be rounded twice: 7.038531e-26 is just below the middle of two float32,
and the nearest double is exactly the middle. Such doubles are moved off the middle, to the side where the number is.
"""

from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize
from libc.math cimport INFINITY, fma, ldexp, nextafter
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memchr, memcpy, memset

from decimal import Decimal


cdef enum:
    MIN_POWER = -31   # powers of ten that printing a float32 needs
    MAX_POWER = 45
    EXACT_POWER = 22  # the largest that a double holds exactly
    MAX_DECIMAL = 16  # bytes of a printed number and its separator: "-0.000123456789", "-1.23456789e-38"
    MAX_DIGITS = 9    # enough to distinguish any two float32
    FRACTION = 23     # bits of a float32 below its exponent
    BIAS = 150        # such a number is mantissa * 2**(exponent - BIAS)
    DOUBLE = 53       # bits of a double's mantissa
    UINT64 = 19       # digits that always fit into 64 bits

cdef uint64_t[MAX_POWER - MIN_POWER + 1] LEADING_BITS  # 10**power / 2**(log2_of_power(power) - 63), rounded up
cdef double[EXACT_POWER + 1] EXACT                     # 10**power


cdef int fill_tables() except -1:
    cdef object ten
    cdef int power
    for power in range(MIN_POWER, MAX_POWER + 1):
        ten = 10 ** <object>abs(power)
        LEADING_BITS[power - MIN_POWER] = -(
            (-ten << 64 >> ten.bit_length()) if power >= 0 else (-1 << 63 + ten.bit_length()) // ten
        )
    for power in range(EXACT_POWER + 1):
        EXACT[power] = float(10 ** <object>power)
    return 0


fill_tables()


cdef inline int log2_of_power(int power) noexcept nogil:
    """Return floor(log2(10**power))."""
    return power * 1741647 >> 19


# --- printing ---

cdef inline uint32_t round_to_odd(uint64_t leading, uint32_t factor) noexcept nogil:
    """Return leading * factor / 2**64, the last bit set if more than the table's error was cut off."""
    cdef uint64_t low = <uint64_t><uint32_t>leading * factor
    cdef uint64_t high = (leading >> 32) * factor + (low >> 32)
    return <uint32_t>(high >> 32) | (<uint32_t>high > 1)


cdef uint32_t shortest(uint32_t exponent, uint32_t fraction, int *power) noexcept nogil:
    """Return the digits of a positive finite float32, given by its two fields; the number is digits * 10**power.

    Every decimal between the middles to its two neighbours reads back to this number, the middles themselves only if
    the fraction is even. The ends of this interval are computed in units of 10**k, about a digit finer than the
    interval, and times four, so that the last two bits tell how they compare with integers.
    """
    cdef uint32_t mantissa = fraction | 1 << FRACTION if exponent else fraction
    cdef int q = <int>(exponent if exponent else 1) - BIAS  # the number is mantissa * 2**q
    cdef bint odd = mantissa & 1
    cdef bint below_is_nearer = fraction == 0 and exponent > 1
    # floor(log10(2**q)), or floor(log10(3/4 * 2**q)) where the interval is shorter
    cdef int k = q * 1262611 - (524031 if below_is_nearer else 0) >> 22
    cdef int shift = q + log2_of_power(-k) + 1
    cdef uint64_t leading = LEADING_BITS[-k - MIN_POWER]
    cdef uint32_t low = round_to_odd(leading, 4 * mantissa - 2 + below_is_nearer << shift) + odd
    cdef uint32_t value = round_to_odd(leading, 4 * mantissa << shift)
    cdef uint32_t high = round_to_odd(leading, 4 * mantissa + 2 << shift) - odd
    cdef uint32_t digits = value >> 2, tens = digits // 10
    # Of the two nearest decimals with a digit less, at most one is inside; with all digits perhaps both, or none.
    cdef bint down = low <= 40 * tens
    cdef bint up = 40 * tens + 40 <= high
    if tens and down != up:
        digits = tens + up
        k += 1
    else:
        down = low <= 4 * digits
        up = 4 * digits + 4 <= high
        # If the ends do not decide, the nearer one; of two equally near ones the even one.
        digits += up if down != up else (value & 3) + (digits & 1) > 2
    while digits % 10 == 0:
        digits //= 10
        k += 1
    power[0] = k
    return digits


cdef inline char *put_digits(char *out, uint32_t number, int count) noexcept nogil:
    cdef int i
    for i in range(count - 1, -1, -1):
        out[i] = c"0" + number % 10
        number //= 10
    return out + count


cdef inline char *put_bytes(char *out, const char *text, int count) noexcept nogil:
    memcpy(out, text, count)
    return out + count


cdef char *put_number(char *out, float number) noexcept nogil:
    """Write the number as numpy 2.4 prints it (older versions print 1e+06 as 1000000.0); return the end."""
    cdef uint32_t bits, digits, ten = 10
    cdef int power, count = 1, point
    memcpy(&bits, &number, 4)
    if number != number:
        return put_bytes(out, "nan", 3)
    if bits >> 31:
        out = put_bytes(out, "-", 1)
        bits ^= <uint32_t>1 << 31
        number = -number
    if bits == 0:
        return put_bytes(out, "0.0", 3)
    if bits == <uint32_t>0xFF << FRACTION:
        return put_bytes(out, "inf", 3)
    digits = shortest(bits >> FRACTION, bits & (1 << FRACTION) - 1, &power)
    while count < MAX_DIGITS and digits >= ten:
        count += 1
        ten *= 10
    point = count + power  # the number is 0.digits * 10**point
    if number < 1e-4 or number >= 1e6:
        if count > 1:
            put_digits(out + 1, digits, count)
            out[0] = out[1]
            out[1] = b"."
            out += count + 1
        else:
            out = put_digits(out, digits, 1)
        out = put_bytes(out, "e-" if point < 1 else "e+", 2)
        return put_digits(out, abs(point - 1), 2)
    if point <= 0:
        out = put_bytes(out, "0.", 2)
        memset(out, c"0", -point)
        return put_digits(out - point, digits, count)
    if power >= 0:
        out = put_digits(out, digits, count)
        memset(out, c"0", power)
        return put_bytes(out + power, ".0", 2)
    put_digits(out + 1, digits, count)
    for count in range(point):
        out[count] = out[count + 1]
    out[point] = b"."
    return out + point - power + 1


def print_rows(list names, const float[:, ::1] vectors):
    """Return a line "name number number …" for each of `names` (bytes) with its row of `vectors` (n, D)."""
    cdef Py_ssize_t row, column, room = 0
    cdef bytes name
    cdef char *out
    if len(names) != vectors.shape[0]:
        raise ValueError(f"{len(names)} names for {vectors.shape[0]} rows")
    for name in names:
        room += len(name) + 1 + MAX_DECIMAL * vectors.shape[1]
    cdef bytes text = PyBytes_FromStringAndSize(NULL, room)
    cdef char *start = PyBytes_AsString(text)
    out = start
    for row in range(vectors.shape[0]):
        name = names[row]
        memcpy(out, PyBytes_AsString(name), len(name))
        out += len(name)
        for column in range(vectors.shape[1]):
            out[0] = b" "
            out = put_number(out + 1, vectors[row, column])
        out[0] = b"\n"
        out += 1
    return text[: out - start]


# --- reading ---

cdef inline uint64_t multiply_high(uint64_t a, uint64_t b) noexcept nogil:
    """Return a * b / 2**64."""
    cdef uint64_t a0 = <uint32_t>a, a1 = a >> 32, b0 = <uint32_t>b, b1 = b >> 32
    cdef uint64_t middle = a1 * b0 + (a0 * b0 >> 32)
    return a1 * b1 + (middle >> 32) + (<uint32_t>middle + a0 * b1 >> 32)


cdef bint scale(uint64_t digits, int power, double *value) noexcept nogil:
    """Set `value` to digits * 10**power, digits > 0, rounded to nearest; return False if 64 bits do not decide it."""
    cdef int exponent = log2_of_power(power) + 12
    cdef uint64_t product
    cdef int rest
    while not digits >> 63:
        digits <<= 1
        exponent -= 1
    # The errors of the table and of this product change the last bit by at most 1.
    product = multiply_high(digits, LEADING_BITS[power - MIN_POWER])
    if not product >> 63:
        product <<= 1
        exponent -= 1
    rest = product & 0x7FF  # the bits beyond the 53 of a double; rounding depends on which side of the middle they are
    if 0x400 - 2 <= rest <= 0x400 + 2:
        return False
    value[0] = ldexp(<double>((product >> 11) + (rest > 0x400)), exponent)
    return True


cdef inline bint is_in_the_middle(double number) noexcept nogil:
    """Return whether it has at most 25 bits, as all float32 and float16 and the middles between them do."""
    cdef uint64_t bits
    memcpy(&bits, &number, 8)
    return bits & 0xFFFFFFF == 0


cdef inline double moved(double number, double error) noexcept nogil:
    """Return the next double in the direction of the sign of `error`; the number itself if that is 0."""
    return nextafter(number, INFINITY if error > 0 else -INFINITY) if error else number


cdef inline bint is_digit(char c) noexcept nogil:
    return c"0" <= c <= c"9"


cdef inline const char *read_digits(const char *p, uint64_t *number) noexcept nogil:
    cdef uint64_t digits = number[0]
    while is_digit(p[0]):
        digits = 10 * digits + (p[0] - c"0")
        p += 1
    number[0] = digits
    return p


cdef const char *read_number(const char *p, double *value, bint narrow) noexcept nogil:
    """Read the decimal number at `p` and return its end; NULL if there is none, or if it needs `read_any_number`."""
    cdef double number, operand
    cdef bint negative = p[0] == b"-", exponent_negative
    cdef uint64_t digits = 0, exponent = 0
    cdef const char *first
    cdef const char *end
    cdef Py_ssize_t count, power = 0
    if negative or p[0] == b"+":
        p += 1
    first = p
    end = p = read_digits(p, &digits)
    count = p - first
    if p[0] == b".":
        end = read_digits(p + 1, &digits)
        power = p + 1 - end
        count -= power
    if count == 0:
        return NULL
    if count > UINT64:  # too many, unless there are leading zeros
        while first[0] == b"0" or first[0] == b".":
            count -= first[0] == b"0"
            first += 1
        if count > UINT64:
            return NULL
    if end[0] == b"e" or end[0] == b"E":
        exponent_negative = end[1] == b"-"
        first = end + 1 + (exponent_negative or end[1] == b"+")
        end = read_digits(first, &exponent)
        if not 1 <= end - first <= 4:
            return NULL
        power += -<Py_ssize_t>exponent if exponent_negative else <Py_ssize_t>exponent
    while digits >> DOUBLE and digits % 10 == 0:
        digits //= 10
        power += 1
    if digits >> DOUBLE == 0 and -EXACT_POWER <= power <= EXACT_POWER:
        operand = EXACT[-power if power < 0 else power]
        number = <double>digits / operand if power < 0 else <double>digits * operand
        if narrow and is_in_the_middle(number):
            number = moved(
                number, -fma(number, operand, -<double>digits) if power < 0 else fma(digits, operand, -number)
            )
    elif digits == 0:
        number = 0
    elif not MIN_POWER <= power <= MAX_POWER or not scale(digits, <int>power, &number):
        return NULL
    elif narrow and is_in_the_middle(number):
        return NULL
    value[0] = -number if negative else number
    return end


cdef bint read_any_number(const char *p, Py_ssize_t length, double *value, bint narrow) except -1:
    """Read any number that Python's float() accepts, except with underscores; return False for anything else."""
    cdef object text = p[:length]
    if b"_" in text:
        return False
    try:
        value[0] = float(text)
    except ValueError:
        return False
    if narrow and 1e-99 < abs(value[0]) < INFINITY and is_in_the_middle(value[0]):  # smaller ones become 0
        exact = Decimal(text.decode())
        value[0] = moved(value[0], (exact > value[0]) - (exact < value[0]))
    return True


cdef bint read_numbers(
    const char *p, const char *stop, double *values, Py_ssize_t count, bint narrow, char separator
) except -1:
    """Read `count` numbers up to `stop`, each after a separator; return whether that was possible."""
    cdef const char *end
    cdef Py_ssize_t i
    for i in range(count):
        if p == stop or p[0] != separator:
            return False
        p += 1
        end = read_number(p, values + i, narrow)
        if end is NULL or end != stop and end[0] != separator:
            end = <const char *>memchr(p, separator, stop - p)
            if end is NULL:
                end = stop
            if not read_any_number(p, end - p, values + i, narrow):
                return False
        p = end
    return p == stop


cdef inline bint is_space(char c) noexcept nogil:
    return c == b" " or 9 <= c <= 13


def parse_rows(bytes block, Py_ssize_t position, double[:, ::1] values, bint narrow, char separator=b" "):
    """Read lines "word number …" from `position` on; their numbers become rows of `values` (n, D).

    `block` must end with a line end. Reading stops when `values` is full, at the end of the block, or at a line that is
    not such a row or has separators in its word. The numbers are rounded to double; with `narrow`, so that a cast to
    float32 or float16 rounds them correctly. Return the words (bytes), and the position where reading stopped.
    """
    cdef const char *text = block
    cdef const char *end = text + len(block)
    cdef const char *p = text + position
    cdef const char *line_end
    cdef const char *stop
    cdef const char *space
    cdef Py_ssize_t row = 0
    cdef list words = []
    if not 0 <= position <= len(block) or not block.endswith(b"\n"):
        raise ValueError(f"expected a block of whole lines and a position in it, got position {position}")
    while row < values.shape[0] and p != end:
        line_end = stop = <const char *>memchr(p, b"\n", end - p)
        while stop != p and is_space((stop - 1)[0]):
            stop -= 1
        space = <const char *>memchr(p, separator, stop - p)
        if space is NULL or not read_numbers(
            space, stop, &values[row, 0], values.shape[1], narrow, separator
        ):
            break
        words.append(p[: space - p])
        p = line_end + 1
        row += 1
    return words, p - text


def split_rows(bytes block, Py_ssize_t position, unsigned char[:, ::1] vectors, Py_ssize_t longest_word):
    """Copy the bytes after each "word ", from `position` on, to rows of `vectors` (n, bytes of a vector).

    Copying stops when `vectors` is full, where no whole row is left in the block, or where there is no space within
    `longest_word` bytes. Return the words (bytes), without leading newlines, and the position where copying stopped.
    """
    cdef const char *text = block
    cdef const char *p = text + position
    cdef const char *space
    cdef Py_ssize_t row = 0, left = len(block) - position, size = vectors.shape[1]
    cdef list words = []
    if not 0 <= position <= len(block):
        raise ValueError(f"the block has no position {position}")
    while row < vectors.shape[0]:
        space = <const char *>memchr(p, b" ", min(left, longest_word + 1))
        if space is NULL or left - (space + 1 - p) < size:
            break
        memcpy(&vectors[row, 0], space + 1, size)
        left -= space + 1 + size - p
        while p[0] == b"\n":
            p += 1
        words.append(p[: space - p])
        p = space + 1 + size
        row += 1
    return words, p - text

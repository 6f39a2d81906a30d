/* Where a str keeps its characters, without a copy; fastw2v/text/_encoder.pyx reads tokens by it.
 *
 * The limited API can copy them only: with PyUnicode_AsUCS4 to count a word took 58 ns instead of 31, a Cyrillic one 72
 * instead of 41, and a CBOW epoch over lists of Cyrillic tokens 19 % more. PyUnicode_AsUTF8AndSize leaves its copy in
 * every str that is not ASCII for as long as that lives, which is a fifth more memory for such tokens.
 *
 * So a build for all Pythons declares the fields itself. They have stood like this in each version with a GIL from 3.11
 * to 3.15, and no version changes them once it is out. In a later one, or where a look at some words shows anything
 * else than the API does, nothing here is used: tokens are encoded then, which is slower and gives the same ids. */
#ifndef FASTW2V_STR_BYTES_H
#define FASTW2V_STR_BYTES_H

#include <Python.h>

#ifndef Py_LIMITED_API

#define STR_LAYOUT_IS_KNOWN 1
#define str_is_compact(str) PyUnicode_IS_COMPACT(str)
#define str_is_ascii(str) PyUnicode_IS_ASCII(str)
#define str_kind(str) PyUnicode_KIND(str)
#define str_length(str) PyUnicode_GET_LENGTH(str)
#define str_data(str) PyUnicode_DATA(str)

#else

/* Before Python 3.16: look at its Include/cpython/unicodeobject.h before you raise this. */
#define STR_LAYOUT_IS_KNOWN (Py_Version < 0x03100000)

struct str_fields {
    PyObject base;
    Py_ssize_t length;
    Py_hash_t hash;
    struct {
        unsigned int interned : 2;
        unsigned int kind : 3;  /* bytes of a character: 1, 2 or 4 */
        unsigned int compact : 1;
        unsigned int ascii : 1;
        unsigned int others : 25;
    } state;
};

#define STR_FIELDS(str) ((const struct str_fields *)(str))
#define str_is_compact(str) STR_FIELDS(str)->state.compact
#define str_is_ascii(str) STR_FIELDS(str)->state.ascii
#define str_kind(str) ((int)STR_FIELDS(str)->state.kind)
#define str_length(str) STR_FIELDS(str)->length

/* The characters of a compact str. Before them Python 3.11 has a field more, and two if they are not ASCII. */
static inline const void *str_data(PyObject *str) {
    size_t more = (Py_Version < 0x030C0000) + (str_is_ascii(str) ? 0 : 2 + (Py_Version < 0x030C0000));
    return (const char *)str + sizeof(struct str_fields) + more * sizeof(void *);
}

#endif
#endif

"""`ModelView`: a trained model's IN, OUT and node vectors as C pointers.

From Python use `Word2Vec.in_vector` and its kin. From Cython, built with fastw2v installed:

    from fastw2v.accessors cimport ModelView

    cdef ModelView view = ModelView(model)
    cdef const float *row = view.in_vector(model.wv.get_index("potato"))
"""


cdef class ModelView:
    """Borrows the matrices that `model` has now; they stay alive as long as the view.

    A model whose vocabulary grows afterwards gets new matrices: take a new view then.
    """

    def __init__(self, model):
        self.syn0 = model.syn0
        self.syn1neg = getattr(model, "syn1neg", None)
        self.syn1 = getattr(model, "syn1", None)
        self.words = self.syn0.shape[0]
        self.dim = self.syn0.shape[1]
        points, codes = model.wv.expandos.get("point"), model.wv.expandos.get("code")
        # None is assigned too: a memoryview that was never set is neither None nor usable.
        self.points = None if points is None else points.values
        self.codes = None if codes is None else codes.values
        self.starts = None if points is None else points.starts

    cdef const float *in_vector(self, Py_ssize_t word) noexcept nogil:
        """Row `word` of syn0, D floats; NULL if there is no such row."""
        return &self.syn0[word, 0] if 0 <= word < self.words else NULL

    cdef const float *out_vector(self, Py_ssize_t word) noexcept nogil:
        """Row `word` of syn1neg; NULL if there is none, as in a model of hierarchical softmax alone."""
        return &self.syn1neg[word, 0] if 0 <= word < self.words and self.syn1neg is not None else NULL

    cdef const float *node_vector(self, Py_ssize_t node) noexcept nogil:
        """Row `node` of syn1, an inner node of the Huffman tree; NULL if there is none."""
        return &self.syn1[node, 0] if 0 <= node < self.words and self.syn1 is not None else NULL

    cdef Py_ssize_t path(self, Py_ssize_t word, const uint32_t **point, const uint8_t **code) noexcept nogil:
        """Length L of the word's Huffman path, -1 if it has none; point[0:L] and code[0:L] are its nodes and turns."""
        cdef Py_ssize_t start
        if not 0 <= word < self.words or self.starts is None:
            return -1
        start = self.starts[word]
        point[0] = &self.points[0] + start
        code[0] = &self.codes[0] + start
        return self.starts[word + 1] - start

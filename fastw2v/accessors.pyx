"""`ModelView`: a trained model's IN, OUT and node vectors as C pointers.

From Python use `Word2Vec.in_vector`, `out_vector`, `huffman_path` and `node_vectors`. From Cython, built with
fastw2v installed:

    from fastw2v.accessors cimport ModelView

    cdef ModelView view = ModelView(model)
    cdef const float *row = view.in_vector(model.wv.get_index("potato"))
"""


cdef class ModelView:
    """Borrows the matrices that a model has now, and keeps them alive.

    A model whose vocabulary grows or shrinks gets new matrices: make a new view afterwards.

    Args:
        model (Word2Vec): the model, which has been trained.

    Attributes:
        words (int): V, number of words.
        dim (int): D, dimensions of a vector.

    Raises:
        ValueError: a matrix or the Huffman tree does not fit the words, as after words were taken out of
            `model.wv` by hand.
        RuntimeError: there is no Huffman tree of these words.
    """

    def __init__(self, model):
        model = model._as_it_is()  # all parts are of one state
        model._check_all_owners()  # no word gets the row of another
        syn1neg, syn1 = getattr(model, "syn1neg", None), getattr(model, "syn1", None)
        syn0 = model.syn0
        for name, matrix in (("syn1neg", syn1neg), ("syn1", syn1)):
            if matrix is not None and matrix.shape != syn0.shape:
                raise ValueError(
                    f"{name} has shape {matrix.shape}, but syn0 {syn0.shape}: the words were changed by hand"
                )
        # None is assigned, too: a memoryview that was never set is neither None nor usable.
        self.syn0, self.syn1neg, self.syn1 = syn0, syn1neg, syn1
        self.words = self.syn0.shape[0]
        self.dim = self.syn0.shape[1]
        tree = model._tree() if "point" in model.wv.expandos else None
        if tree is not None:
            tree.check(self.words)  # C follows it
        self.points = None if tree is None else tree.points
        self.codes = None if tree is None else tree.codes
        self.starts = None if tree is None else tree.starts

    cdef const float *in_vector(self, Py_ssize_t word) noexcept nogil:
        """Return row `word` of syn0, D floats; NULL if there is no such row."""
        return &self.syn0[word, 0] if 0 <= word < self.words else NULL

    cdef const float *out_vector(self, Py_ssize_t word) noexcept nogil:
        """Return row `word` of syn1neg, D floats; NULL if there is none, as of words that were not trained."""
        if self.syn1neg is None or not 0 <= word < self.syn1neg.shape[0]:
            return NULL
        return &self.syn1neg[word, 0]

    cdef const float *node_vector(self, Py_ssize_t node) noexcept nogil:
        """Return row `node` of syn1, an inner node of the Huffman tree, D floats; NULL if there is none."""
        return &self.syn1[node, 0] if self.syn1 is not None and 0 <= node < self.syn1.shape[0] else NULL

    cdef Py_ssize_t path(self, Py_ssize_t word, const uint32_t **point, const uint8_t **code) noexcept nogil:
        """Return the length L of the word's Huffman path, -1 if it has none.

        `point[0]` is set to the inner nodes on it (L,), `code[0]` to the turn at each (L,): 0 left, 1 right.
        """
        cdef Py_ssize_t start
        if self.starts is None or not 0 <= word < self.starts.shape[0] - 1:
            return -1
        start = self.starts[word]
        point[0] = &self.points[0] + start
        code[0] = &self.codes[0] + start
        return self.starts[word + 1] - start

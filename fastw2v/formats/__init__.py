"""Files: arrays, strings and the Huffman tree; the classes that are saved are not known here.

atomic, errors     replace a file safely; the errors that its content can cause
native             the container .fw2v: named arrays and a few strings, checked
parts              what a model is made of; every codec reads and writes these parts:
  model_file         .fw2v, by `columns` and `native`
  gensim_parts       gensim's models, from files by `gensim_pickle`, or live objects; `_unpickler` and
                     `inflate` read pickles and compressed files within bounds set by their size
  word2vec_format    the original program's text and binary, by `streams` and `_decimals`
streams            what is given to read, decompressed, and named if it is of another kind
"""

"""Files: they know arrays, strings and the Huffman tree, not the classes that are saved.

atomic, errors     replace a file safely; what can be wrong with one
native             the container .fw2v: named arrays and a few strings, checked
parts              what a model is made of; between the classes and the codecs:
  model_file         .fw2v, by `columns` and `native`
  gensim_parts       gensim's models, of files by `gensim_pickle`, or alive
  word2vec_format    the original program's text and binary, by `_decimals`
"""

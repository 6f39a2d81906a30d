"""Files: `atomic` (safe replacing), `native` (.fw2v), `word2vec` (text and binary), `gensim` (its pickles).

They know arrays and strings, not classes.
"""

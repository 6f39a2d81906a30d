"""Ids and tables → weights: what is trained, the jobs of an epoch, and the threads that do them."""

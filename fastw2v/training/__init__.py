"""Ids and tables → weights: jobs, the threads of an epoch, what is trained on what."""

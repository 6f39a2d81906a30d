"""Text → ids: readers of files, one reading that counts and encodes words, and a text as blocks of ids."""

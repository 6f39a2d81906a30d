"""Text → ids: readers, one reading that counts and encodes, and a text as blocks of ids."""

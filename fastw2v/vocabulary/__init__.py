"""Word counts → tables: which words stay, the noise table, the Huffman tree."""

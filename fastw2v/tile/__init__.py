"""The arithmetic, one body compiled for every instruction set; `dispatch` chooses among them."""

"""What is compressed, within bounds: a megabyte can be made to unfold into all memory that there is."""

from __future__ import annotations

import errno
import io
import math
import os
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt

from fastw2v import magic, paths, utils
from fastw2v.formats.errors import RefusedPickle

Content = TypeVar("Content")

_READ = ("gzip", "bzip2", "xz")
_LONGEST_MAGIC = 10  # bytes
_RATIO = 8  # what gensim saves shrinks to a third at best; a table of zeros much more, see `read_npz`
_ALWAYS = 40 << 20  # bytes that any file may hold
_DEFLATED = 1100  # bytes of zeros that a byte of a zip archive can hold
_BLOCK = 1 << 20


def compression_of(file: IO[bytes]) -> str | None:
    """Return how a file is compressed, by its first bytes; its position stays.

    Args:
        file (binary file): seekable.

    Returns:
        str or None: "gzip", "bzip2" or "xz"; None if it is none of these.
    """
    start = file.tell()
    kind = magic.compression_of(file.read(_LONGEST_MAGIC))
    file.seek(start)
    return kind if kind in _READ else None


def read_head(file: IO[bytes], kind: str, size: int) -> bytes:
    """Return the first bytes of what is compressed in a file; its position stays.

    Args:
        file (binary file): seekable.
        kind (str): as `compression_of` returns it.
        size (int): how many bytes.

    Returns:
        bytes: fewer if there are no more.

    Raises:
        RefusedPickle: it only begins as a compressed file does, or is damaged.
        OSError: the file cannot be read.
    """
    start = file.tell()
    try:
        return _checked(kind, lambda: next(_blocks(file, kind, size), b""))
    finally:
        file.seek(start)


def inflate(file: IO[bytes], kind: str) -> bytearray:
    """Return what is compressed in the rest of a file.

    Args:
        file (binary file): seekable.
        kind (str): as `compression_of` returns it.

    Returns:
        bytearray: the content.

    Raises:
        RefusedPickle: it is damaged, or far larger than the file.
        OSError: the file cannot be read.
    """
    start = file.tell()
    size = file.seek(0, io.SEEK_END) - start
    file.seek(start)
    most = _RATIO * size + _ALWAYS

    def read_all() -> bytearray:
        content = bytearray()
        for block in _blocks(file, kind, _BLOCK):
            if len(content) + len(block) > most:
                raise RefusedPickle(
                    f"its {size:,} bytes hold more than {most:,} ones compressed by {kind}, as files do that "
                    "are made to fill the memory; if you trust it, decompress it first and load the result"
                )
            content += block
        return content

    return _checked(kind, read_all)


def _checked(kind: str, read: Callable[[], Content]) -> Content:
    """Return what `read()` returns, and say of the errors of decompression what they mean."""
    try:
        return read()
    except RefusedPickle:
        raise
    except Exception as error:
        # A zip archive, and the head of an array in it, have errors of their own; one may point outside.
        odd = isinstance(error, ValueError | zipfile.BadZipFile) or getattr(error, "errno", 0) == errno.EINVAL
        state = magic.damage_of(error) or ("damaged" if odd else None)
        if state is None:
            raise
        raise RefusedPickle(f"it is compressed by {kind}, and {state}: get or write the file anew") from None


def _blocks(file: IO[bytes], kind: str, size: int) -> Iterator[bytes]:
    """Yield the content in blocks of at most `size` bytes."""
    if kind == "gzip":
        with utils.packing_module(".gz").GzipFile(fileobj=file) as reader:
            while block := reader.read(size):
                yield block
        return
    unpack = utils.packing_module(".bz2").BZ2Decompressor if kind == "bzip2" else utils.unpack_xz
    yield from utils.unpacked_blocks(file, size, unpack)


def read_npz(path: str) -> npt.NDArray[Any]:
    """Return the array in a compressed file beside a model.

    Args:
        path (str): the file, as `numpy.savez_compressed(path, val=array)` writes it.

    Returns:
        array: the array.

    Raises:
        RefusedPickle: it is damaged, forged, or far larger than the file; the error names the file.
        ImportError: its array is compressed, and this Python lacks the module zlib.
        OSError: the file cannot be read.
    """
    try:
        with paths.fetched(path) as local:
            return _checked("zip", lambda: _read_npz(local))
    except (RefusedPickle, KeyError, RuntimeError, TypeError, AttributeError, OverflowError) as error:
        what = error if isinstance(error, RefusedPickle) else "it is not what gensim writes beside a model"
        raise RefusedPickle(f"{path}: {what}") from None


def _open_array(archive: zipfile.ZipFile) -> IO[bytes]:
    packing = archive.getinfo("val.npy").compress_type
    if packing not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedPickle("its array is compressed in a way that numpy does not use")
    if packing == zipfile.ZIP_DEFLATED:
        utils.packing_module(".gz", ".npz")  # the same zlib; a zipfile without it raises RuntimeError
    return archive.open("val.npy")


def _read_npz(path: str) -> npt.NDArray[Any]:
    with zipfile.ZipFile(path) as archive, _open_array(archive) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, by_columns, dtype = read_header(file)
        size = math.prod(shape) * dtype.itemsize
        packed = os.path.getsize(path)
        possible = min(archive.getinfo("val.npy").file_size, _DEFLATED * packed)
        if dtype.hasobject or not 0 <= size <= possible:
            raise RefusedPickle(f"it cannot hold an array of shape {str(shape)[:60]} and dtype {dtype.str}")
        # Zeros, as in the output vectors of an untrained model, shrink to a thousandth. They are not written,
        # and memory that is not written takes no room.
        data = np.zeros(size, dtype=np.uint8)
        most = _RATIO * packed + _ALWAYS
        at = written = 0
        while at < size:
            block = file.read(min(_BLOCK, size - at))
            if not block:
                raise EOFError
            if block.count(0) < len(block):
                written += len(block)
                if written > most:
                    raise RefusedPickle("it holds far more than its size lets expect: save the model again")
                data[at : at + len(block)] = np.frombuffer(block, dtype=np.uint8)
            at += len(block)
    return data.view(dtype).reshape(shape, order="F" if by_columns else "C")

"""How bodies of events lie in a store: compressed, with one body of the run as the dictionary for all after it.

The bodies of a run have much in common: names of fields, cases and files, words of the evaluator. What the chain hashes
is the body itself, so this may change without it.
"""

import zlib

MOST_BYTES = 64 << 20  # of a body; what was altered may unpack to anything
_MARK = b"\x78"  # begins each zlib stream (RFC 1950), and no body of a record, which is a MessagePack map
_LEVEL = 6


def packed(body: bytes, sample: bytes) -> bytes:
    """Returns the body compressed; `sample` is a body like it, or empty."""
    packer = zlib.compressobj(_LEVEL, zdict=sample)
    return packer.compress(body) + packer.flush()


def unpacked(data: bytes, sample: bytes) -> bytes | None:
    """Returns the body that was packed with `sample`; None where `data` is not what packing gives. A body that an
    earlier version stored as it was is returned so."""
    if data[:1] != _MARK:
        return data
    unpacker = zlib.decompressobj(zdict=sample)
    try:
        body = unpacker.decompress(data, MOST_BYTES)
    except zlib.error:
        return None
    return body if unpacker.eof and not unpacker.unused_data else None

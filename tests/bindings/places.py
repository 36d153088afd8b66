"""What `tests/bindings.rs` asks the modules that `weld header --lang python` made."""

import ctypes


def check(cls, path, offset, size):
    """The field at the path is so far from the start and so large."""
    found = 0
    for name in path.split("."):
        found += getattr(cls, name).offset
        cls = dict(field[:2] for field in cls._fields_)[name]
    assert (found, ctypes.sizeof(cls)) == (offset, size), (path, found, ctypes.sizeof(cls), offset, size)



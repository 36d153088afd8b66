import ctypes

_KINDS = {code: kind for kind, codes in enumerate(("?", "bBhHiIlLqQ", "fd")) for code in codes}


def new_vec(cls, values):
    """A vector of the class `cls`.

    It shares the memory of a buffer that can be written, such as a NumPy array; everything else is copied.
    """
    element = cls._fields_[0][1]._type_
    try:
        view = memoryview(values)
    except TypeError:
        values = list(values)
        array = (element * len(values))(*values)
    else:
        code = view.format.lstrip("@=")
        if (
            view.ndim != 1
            or not view.c_contiguous
            or view.itemsize != ctypes.sizeof(element)
            or _KINDS.get(code) != _KINDS.get(getattr(element, "_type_", None))
        ):
            raise TypeError("a buffer of %r cannot be the elements of a %s" % (view.format, cls.__name__))
        make = element * view.shape[0]
        array = make.from_buffer_copy(view) if view.readonly else make.from_buffer(view)
    return cls(ctypes.cast(array, ctypes.POINTER(element)), len(array))
